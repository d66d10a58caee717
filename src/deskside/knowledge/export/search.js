// Search in an exported knowledge base, without a server. Every page works without it.
(() => {
  "use strict";
  const form = document.getElementById("search");
  const index = window.desksideIndex;
  if (!form || !index) return;
  const input = form.querySelector("input");
  const list = document.getElementById("results");
  const count = document.getElementById("count");
  const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const vocabulary = Object.keys(index.words);
  const MOST = 20;

  // How well a word of the index answers a word that was typed: 0 for not at all.
  function likeness(typed, word) {
    if (word === typed) return 4;
    if (typed.length > 2 && word.startsWith(typed)) return 2;
    let same = 0;
    while (same < typed.length && typed[same] === word[same]) same += 1;
    if (same >= 4 && same >= typed.length - 3 && word.length - same <= 3) return 1.5;
    return typed.length > 4 && oneMistake(typed, word, same) ? 1 : 0;
  }

  // One letter too many, too few, wrong, or two of them changed about, from the first that differs.
  function oneMistake(typed, word, from) {
    if (Math.abs(typed.length - word.length) > 1) return false;
    const rest = (text, skip) => text.slice(from + skip);
    return rest(typed, 1) === rest(word, 1) || rest(typed, 1) === rest(word, 0) ||
      rest(typed, 0) === rest(word, 1) ||
      (rest(typed, 2) === rest(word, 2) && typed[from] === word[from + 1] && typed[from + 1] === word[from]);
  }

  function passagesFor(typed) {
    const found = new Map();
    for (const word of vocabulary) {
      const like = likeness(typed, word);
      if (!like) continue;
      const at = index.words[word];
      const rare = Math.log(1 + index.passages.length / at.length);
      for (let i = 0; i < at.length; i += 2) {
        const score = like * rare * Math.log2(1 + at[i + 1]);
        found.set(at[i], Math.max(found.get(at[i]) || 0, score));
      }
    }
    return found;
  }

  // Each article once, by its best passage; those that have more of the words come first.
  function search(text) {
    const typed = [...new Set(fold(text).match(/[\p{L}\p{N}]+/gu) || [])].slice(0, 40);
    const articles = new Map();
    for (const one of typed) {
      for (const [at, score] of passagesFor(one)) {
        const number = index.passages[at][0];
        const article = articles.get(number) || { words: new Map(), passages: new Map() };
        article.words.set(one, Math.max(article.words.get(one) || 0, score));
        article.passages.set(at, (article.passages.get(at) || 0) + score);
        articles.set(number, article);
      }
    }
    return [...articles.values()].map((article) => {
      const [best] = [...article.passages].sort((a, b) => b[1] - a[1] || a[0] - b[0])[0];
      const sum = [...article.words.values()].reduce((a, b) => a + b, 0);
      return { best, score: sum * article.words.size };
    }).sort((a, b) => b.score - a.score).slice(0, MOST);
  }

  function element(name, text, parent) {
    const made = document.createElement(name);
    made.textContent = text;
    parent.append(made);
    return made;
  }

  function show() {
    const asked = input.value.trim();
    list.replaceChildren();
    count.textContent = "";
    if (!asked) return;
    const found = search(asked);
    count.textContent = found.length ? "" : form.dataset.nothing;
    for (const { best } of found) {
      const [number, title, anchor, heading, text] = index.passages[best];
      const row = element("li", "", list);
      row.className = "ds-article-row";
      element("span", `KB${number}`, row).className = "ds-number";
      const words = element("div", "", row);
      const link = element("a", title, element("h2", "", words));
      link.href = `${number}.html`;
      if (anchor) element("a", heading, element("p", "", words)).href = `${number}.html#${anchor}`;
      element("p", text, words);
    }
  }

  form.hidden = false;
  form.addEventListener("submit", (event) => { event.preventDefault(); show(); });
  input.addEventListener("input", show);
  const asked = new URLSearchParams(location.search).get("q");
  if (asked) { input.value = asked; show(); }
})();
