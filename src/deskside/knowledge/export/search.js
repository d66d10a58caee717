// Search in an exported knowledge base, without a server. Every page works without it.
(() => {
  "use strict";
  const form = document.getElementById("search");
  const index = window.desksideIndex;
  const meaning = window.desksideMeaning;
  if (!form || !index || !meaning) return;
  const input = form.querySelector("input");
  const list = document.getElementById("results");
  const count = document.getElementById("count");
  const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const words = (text) => fold(text).match(/[\p{L}\p{N}]+/gu) || [];
  const vocabulary = Object.keys(index.words);
  const anchors = new Map(index.passages.map((passage, at) => [passage[2], at]));
  const beginnings = new Map();
  index.passages.forEach((passage, at) => {
    if (!beginnings.has(passage[0])) beginnings.set(passage[0], at);
  });
  const MOST = 20;
  const LONGEST = 4000;
  const MOST_WORDS = 80;
  const MOST_TERMS = 40;

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

  const add = (map, key, amount) => map.set(key, (map.get(key) || 0) + amount);
  const most = (map) => Math.max(...map.values(), 0);

  // Stems of words and of two that follow each other; small words only in pairs.
  function stemmed(said, language) {
    const known = [index.stems[language], meaning.languages[language]?.stems || {}];
    const small = index.small[language];
    const stems = said.map((word) => known.find((of) => Object.hasOwn(of, word))?.[word] ?? word);
    return [
      stems.filter((stem, at) => !small.includes(said[at])),
      stems.slice(1).map((stem, at) => `${stems[at]} ${stem}`),
    ];
  }

  function runs(said) {
    const { letters } = index.weights;
    const found = new Set();
    for (const word of said) {
      for (let at = 0; at + letters <= word.length + 2; at += 1) {
        found.add(`<${word}>`.slice(at, at + letters));
      }
    }
    return found;
  }

  // What stands in front of each article in a language, as words and as runs of letters.
  function lanes(language) {
    const made = { words: new Map(), runs: new Map() };
    for (const [number, texts] of index.fronts[language]) {
      const held = { words: new Map(), runs: new Map() };
      for (const [counts, listed] of texts) {
        for (const text of listed) {
          const said = text.split(" ");
          const [single, pairs] = stemmed(said, language);
          for (const stem of single) add(held.words, stem, counts);
          for (const pair of pairs) add(held.words, pair, counts * index.weights.pair);
          for (const run of runs(said)) add(held.runs, run, counts);
        }
      }
      for (const lane of ["words", "runs"]) made[lane].set(number, held[lane]);
    }
    return Object.values(made).map((fronts) => {
      const lengths = new Map([...fronts].map(([number, held]) =>
        [number, [...held.values()].reduce((a, b) => a + b, 0)]));
      const holding = new Map();
      for (const [number, held] of fronts) {
        for (const [each, often] of held) {
          if (!holding.has(each)) holding.set(each, []);
          holding.get(each).push([number, often]);
        }
      }
      const usual = [...lengths.values()].reduce((a, b) => a + b, 0) / Math.max(1, lengths.size);
      return { lengths, holding, usual };
    });
  }

  const fronts = Object.keys(index.fronts).map((language) => [language, ...lanes(language)]);

  function weigh({ lengths, holding, usual }, asked, counts, found) {
    const { length, enough } = index.weights;
    for (const each of asked) {
      const held = holding.get(each) || [];
      const rare = counts * Math.log(1 + lengths.size / Math.max(1, held.length));
      for (const [number, often] of held) {
        const long = 1 - length + length * lengths.get(number) / usual;
        add(found, number, rare * often / (often + enough * long));
      }
    }
  }

  // How well the front of each article answers, and which ones have a whole word of the question.
  function byFront(said) {
    const found = new Map();
    const whole = new Set();
    for (const [language, inWords, inRuns] of fronts) {
      const [single, pairs] = stemmed(said, language);
      weigh(inWords, new Set([...single, ...pairs]), 1, found);
      weigh(inRuns, runs(said), index.weights.run, found);
      for (const stem of single) {
        for (const [number] of inWords.holding.get(stem) || []) whole.add(number);
      }
    }
    return { found, whole };
  }

  // How likely each article is meant, by what was learned from people's questions in a language.
  function chances(said, language, { numbers, weights }) {
    const [single, pairs] = stemmed(said, language);
    const every = new Set([...single, ...pairs, ...[...runs(said)].map((run) => `#${run}`)]);
    const known = [...every].filter((trait) => Object.hasOwn(weights, trait));
    if (!known.length) return [];
    const scale = meaning.step / Math.sqrt(every.size);
    const powers = numbers.map((number, at) => Math.exp(scale * known.reduce(
      (sum, trait) => sum + weights[trait].charCodeAt(at) - meaning.none, 0)));
    const together = powers.reduce((a, b) => a + b, 0);
    return numbers.map((number, at) => [number, powers[at] / together]);
  }

  function meant(said) {
    const found = new Map();
    for (const [language, learned] of Object.entries(meaning.languages)) {
      for (const [number, chance] of chances(said, language, learned)) {
        found.set(number, Math.max(found.get(number) || 0, chance));
      }
    }
    return found;
  }

  // What each word of the question counts in each article, and the sections that have some: how
  // many, and what they count together.
  function byText(typed) {
    const articles = new Map();
    for (const one of typed) {
      for (const [at, score] of passagesFor(one)) {
        const number = index.passages[at][0];
        const article = articles.get(number) || { words: new Map(), sections: new Map() };
        article.words.set(one, Math.max(article.words.get(one) || 0, score));
        if (index.passages[at][2]) {
          const section = article.sections.get(at) || [0, 0];
          article.sections.set(at, [section[0] + 1, section[1] + score]);
        }
        articles.set(number, article);
      }
    }
    return articles;
  }

  // Articles and sections that the question names by number or code lead.
  function named(text, said) {
    const found = new Map();
    for (const word of said) {
      const number = word.replace(/^kb/, "");
      if (beginnings.has(number)) found.set(number, beginnings.get(number));
    }
    for (const code of text.toLowerCase().match(/[a-z0-9]+(?:-[a-z0-9]+)+/g) || []) {
      if (anchors.has(code)) found.set(index.passages[anchors.get(code)][0], anchors.get(code));
    }
    return found;
  }

  // The section of an article to be shown: the best that has most of the words, if one has.
  function sectionOf(article, words) {
    const [best] = [...(article?.sections || [])].filter(([, [held]]) => held * 2 > words)
      .sort((a, b) => b[1][1] - a[1][1] || a[0] - b[0]);
    return best?.[0];
  }

  // Each article once, with its best section: by how many words of the question its text has, and by
  // what people ask for it with.
  function search(asked) {
    const text = asked.slice(0, LONGEST);
    const said = words(text).slice(0, MOST_WORDS);
    const small = new Set(Object.values(index.small).flat());
    const telling = [...new Set(said)].filter((word) => !small.has(word));
    const typed = (telling.length ? telling : [...new Set(said)]).slice(0, MOST_TERMS);
    const lead = named(text, said);
    const texts = byText(typed);
    const { found, whole } = byFront(said);
    const scores = new Map([...texts].map(([number, article]) =>
      [number, [...article.words.values()].reduce((a, b) => a + b, 0) * article.words.size]));
    const chance = meant(said);
    const best = most(scores) || 1;
    const bestFront = most(found) || 1;
    // Only among articles whose questions were learned from does it tell which is meant.
    const bestMeant = Math.max(0, ...[...chance.keys()].map((number) => scores.get(number) || 0)) / best;
    return [...new Set([...lead.keys(), ...texts.keys(), ...whole])].map((number) => {
      const at = sectionOf(texts.get(number), typed.length) ?? beginnings.get(number);
      const score = (scores.get(number) || 0) / best +
        index.weights.ways * (found.get(number) || 0) / bestFront +
        index.weights.meant * bestMeant * (chance.get(number) || 0);
      return { best: lead.get(number) ?? at, score: lead.has(number) ? score + MOST : score };
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
