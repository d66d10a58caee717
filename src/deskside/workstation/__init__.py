"""Tools for the workstation: API components, the eSignal repair, mobile devices, the doctor."""
