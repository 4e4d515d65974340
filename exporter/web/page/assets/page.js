// Refreshes what is shown, and leaves alone what a person is at: focus, text, scroll, open details.
"use strict";

(() => {
  const EVERY = 5000;
  const PATIENCE = 10000;
  const TYPING = 250;

  const live = document.getElementById("live");
  const contact = document.getElementById("contact");
  const words = document.getElementById("contact-words");
  const announce = document.getElementById("announce");
  const pause = document.getElementById("pause");
  let timer = 0;
  let typing = 0;
  let asking = null;
  let isPaused = false;
  let lastSeen = live.dataset.now;

  // --- showing

  function alike(shown, wanted) {
    return shown && shown.nodeName === wanted.nodeName && !shown.id;
  }

  function morph(shown, wanted) {
    if (shown.nodeType !== Node.ELEMENT_NODE) {
      if (shown.nodeValue !== wanted.nodeValue) shown.nodeValue = wanted.nodeValue;
      return;
    }
    // Whether details are open is up to the person, and so is the text of an input.
    const own = shown.nodeName === "DETAILS" ? "open" : "";
    for (const { name, value } of wanted.attributes) {
      if (shown.getAttribute(name) !== value) shown.setAttribute(name, value);
    }
    for (const { name } of [...shown.attributes]) {
      if (name !== own && !wanted.hasAttribute(name)) shown.removeAttribute(name);
    }
    morphChildren(shown, wanted);
  }

  function morphChildren(shown, wanted) {
    const known = new Map();
    for (const child of shown.children) if (child.id) known.set(child.id, child);
    let cursor = shown.firstChild;
    for (const next of [...wanted.childNodes]) {
      const same = next.id ? known.get(next.id) : alike(cursor, next) ? cursor : null;
      if (!same) {
        shown.insertBefore(document.importNode(next, true), cursor);
        continue;
      }
      if (same === cursor) cursor = cursor.nextSibling;
      else shown.insertBefore(same, cursor);
      morph(same, next);
    }
    while (cursor) {
      const after = cursor.nextSibling;
      cursor.remove();
      cursor = after;
    }
  }

  function urgent() {
    const found = new Map();
    for (const one of live.querySelectorAll('.trouble[data-severity="critical"]')) {
      found.set(one.id, one.querySelector(".what").textContent.replace(/\s+/g, " ").trim());
    }
    return found;
  }

  function show(text) {
    const wanted = new DOMParser().parseFromString(text, "text/html").getElementById("live");
    if (!wanted) throw new Error("not a page of ours");
    if (wanted.dataset.version !== live.dataset.version) {
      location.reload();
      return;
    }
    const before = urgent();
    const focused = document.activeElement;
    morph(live, wanted);
    // What moved to another place has lost the focus on the way.
    if (focused !== document.activeElement && focused.isConnected) {
      focused.focus({ preventScroll: true });
    }
    document.title = live.dataset.title;
    const news = [...urgent()].filter(([id]) => !before.has(id)).map(([, what]) => what);
    if (news.length) announce.textContent = news.join(". ");
  }

  function tell(text, state) {
    contact.dataset.state = state;
    words.textContent = text;
  }

  // --- asking

  async function refresh() {
    clearTimeout(timer);
    if (asking) asking.abort();
    const mine = (asking = new AbortController());
    const patience = setTimeout(() => mine.abort(), PATIENCE);
    try {
      const address = new URL(location.href);
      address.hash = "";
      address.searchParams.set("live", "");
      const answer = await fetch(address, { cache: "no-store", signal: mine.signal });
      // 404 has a page of its own; a login that has run out needs a whole new page.
      if (answer.status === 401) location.reload();
      if (!answer.ok && answer.status !== 404) throw new Error("refused");
      const text = await answer.text();
      if (mine !== asking) return;
      show(text);
      lastSeen = live.dataset.now || lastSeen;
      if (contact.dataset.state === "lost") announce.textContent = "In contact again.";
      tell(`Updated ${lastSeen} UTC`, "live");
    } catch {
      if (mine !== asking) return;
      if (contact.dataset.state !== "lost") announce.textContent = "Lost contact with the exporter.";
      tell(`Lost contact, this is from ${lastSeen} UTC`, "lost");
    } finally {
      clearTimeout(patience);
      if (mine === asking) {
        asking = null;
        plan();
      }
    }
  }

  function plan() {
    clearTimeout(timer);
    if (!isPaused && !document.hidden) timer = setTimeout(refresh, EVERY);
  }

  // --- the person

  pause.hidden = false;
  pause.addEventListener("click", () => {
    isPaused = !isPaused;
    pause.textContent = isPaused ? "Resume updates" : "Pause updates";
    if (isPaused) {
      clearTimeout(timer);
      tell(`Paused at ${lastSeen} UTC`, "paused");
    } else {
      refresh();
    }
  });

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) clearTimeout(timer);
    else if (!isPaused) refresh();
  });

  function filter() {
    clearTimeout(typing);
    const box = document.getElementById("q");
    const address = new URL(location.href);
    address.search = "";
    address.hash = "";
    if (box.value.trim()) address.searchParams.set("q", box.value.trim());
    history.replaceState(null, "", address);
    refresh();
  }

  live.addEventListener("input", (event) => {
    if (event.target.id !== "q") return;
    clearTimeout(typing);
    typing = setTimeout(filter, TYPING);
  });
  live.addEventListener("submit", (event) => {
    event.preventDefault();
    filter();
  });

  plan();
})();
