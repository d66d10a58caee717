// The connection test from the browser alone. Words and addresses come from the page.
(() => {
  "use strict";
  const root = document.getElementById("browser-test");
  const start = document.getElementById("browser-test-start");
  const verdict = document.getElementById("browser-test-verdict");
  const words = root.dataset;
  const PATIENCE = 10;           // seconds that an answer may take
  const SAMPLES = 10;            // answers whose time is taken
  const REQUESTS = 6;            // connections that show the exit address
  const SLOW = 300;              // milliseconds that trading feels
  const rows = [...root.querySelectorAll("[data-test]")];
  const row = (test) => rows.find((each) => each.dataset.test === test);

  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_all, name) => values[name]);
  const since = (started) => Math.round(performance.now() - started);

  function show(where, status, word, values = {}, anchor = "") {
    const tag = root.querySelector(`template[data-tag="${status}"]`).content.cloneNode(true);
    where.querySelector("[data-status]").replaceChildren(tag);
    const seen = where.querySelector("[data-seen]");
    seen.textContent = fill(words[word], values);
    where.dataset.outcome = status;
    if (!anchor) return;
    const link = document.createElement("a");
    link.href = `/kb/2816#${anchor}`;
    link.textContent = words.article;
    seen.append(" ", link);
  }

  async function get(address) {
    // Without cookies: a changing address must not end the session that reads this page.
    const options = { cache: "no-store", credentials: "omit", signal: AbortSignal.timeout(PATIENCE * 1000) };
    const answer = await fetch(address, options);
    if (!answer.ok) throw new Error(answer.status);
    return answer;
  }

  async function portal() {
    const started = performance.now();
    try {
      await get(words.seenHref);
      show(row("portal"), "ok", "reached", { ms: since(started) });
      return true;
    } catch {
      show(row("portal"), "failure", "unreached");
      return false;
    }
  }

  async function latency() {
    const times = [];
    for (let count = 0; count <= SAMPLES; count += 1) {
      const started = performance.now();
      try { await get(words.quickHref); } catch { continue; }
      if (count) times.push(since(started));   // the first may open the connection
    }
    if (!times.length) return;
    times.sort((one, other) => one - other);
    const values = { middle: times[times.length >> 1], slowest: times.at(-1), count: times.length };
    const slow = values.middle > SLOW;
    show(row("latency"), slow ? "warning" : "ok", slow ? "slow" : "took", values, slow ? "latency" : "");
  }

  function ask(address) {
    const bytes = crypto.getRandomValues(new Uint8Array(32));
    const nonce = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const started = performance.now();
    return new Promise((resolve) => {
      let socket;
      const end = (how, line = "") => { clearTimeout(clock); resolve({ how, line, nonce, ms: since(started) }); socket?.close(); };
      const clock = setTimeout(() => end("silent"), PATIENCE * 1000);
      try { socket = new WebSocket(`${address}/deskside/1/${nonce}`); } catch { end("mixed"); return; }
      socket.addEventListener("message", (event) => end("answered", String(event.data)));
      socket.addEventListener("close", () => end("cut"));
    });
  }

  async function proven(answer) {
    const options = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ nonce: answer.nonce, line: answer.line }) };
    try { return await (await fetch(words.proofHref, options)).json(); } catch { return { proven: false }; }
  }

  async function door(where, exits) {
    const { address, kind } = where.dataset;
    const answer = await ask(address);
    const values = { ms: answer.ms, seconds: PATIENCE };
    if (answer.how === "mixed") show(where, "unknown", "mixed");
    else if (answer.how === "silent") show(where, "failure", "silent", values, "port-dropped");
    else if (answer.how === "cut" && kind === "tls") show(where, "unknown", "unknownCertificate", values);
    else if (answer.how === "cut") show(where, "failure", "cut", values, "port-reset");
    else {
      const proof = await proven(answer);
      if (proof.address) exits.push(proof.address);
      if (proof.proven) show(where, "ok", "proven", values);
      else show(where, "failure", "impostor", {}, "transparent-http-proxy");
    }
  }

  async function exitAddresses(exits) {
    for (let count = 0; count < REQUESTS; count += 1) {
      try { exits.push((await (await get(words.seenHref)).json()).address); } catch { /* counted as absent */ }
    }
    if (!exits.length) return;
    // A name with an address of each kind may lead over both: that is no change of address.
    const distinct = [...new Set(exits)];
    const kinds = [distinct.filter((each) => each.includes(":")), distinct.filter((each) => !each.includes(":"))];
    const many = kinds.some((kind) => kind.length > 1);
    const values = { count: exits.length, addresses: distinct.join(", ") };
    show(row("exits"), many ? "warning" : "ok", many ? "manyExits" : "oneExit", values, many ? "egress-per-connection" : "");
  }

  async function test() {
    start.disabled = true;
    verdict.textContent = words.running;
    const exits = [];
    if (await portal()) {
      await latency();
      await Promise.all(rows.filter((each) => each.dataset.test === "door").map((each) => door(each, exits)));
      await exitAddresses(exits);
    }
    const outcomes = rows.map((each) => each.dataset.outcome || "unknown");
    const bad = outcomes.some((outcome) => outcome === "failure" || outcome === "warning");
    verdict.textContent = bad ? words.notWell : outcomes.includes("unknown") ? words.someUnknown : words.allWell;
    start.disabled = false;
  }

  document.getElementById("browser-test-needs").hidden = true;
  start.hidden = false;
  start.addEventListener("click", test);
})();
