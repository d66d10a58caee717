"""TWS API components: installed side by side, each as its archive holds it, one of them in use."""
