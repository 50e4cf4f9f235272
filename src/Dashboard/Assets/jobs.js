// Keeps an open page up to date. Without it every page works, and is as old as its last load.
(() => {
  "use strict";
  const REFRESH_MS = 2000; // However busy the store is, a page loads itself anew at most this often.
  const MAX_LINES = 5000;
  const $ = id => document.getElementById(id);
  const number = n => n.toLocaleString("en-US");
  const live = $("live");
  let source = null, paused = false, timer = 0, dueAt = 0, loadedAt = performance.now(), counts = null, toldAt = 0, lastLine = 0;

  function open() {
    if (source || paused || document.hidden) return show();
    source = new EventSource(document.body.dataset.events);
    source.onopen = source.onerror = show;
    on("counts", showCounts);
    on("progress", showProgress);
    on("log", lines => lines.forEach(addLine));
    source.addEventListener("state", () => refresh(0));
    source.addEventListener("tick", () => refresh());
    source.addEventListener("store", e => { $("trouble").hidden = e.data === "up"; });
    show();
  }

  function on(name, act) { source.addEventListener(name, e => act(JSON.parse(e.data))); }

  function close() {
    source?.close();
    source = null;
    clearTimeout(timer);
    timer = 0;
    show();
  }

  function show() {
    const state = paused ? "Paused" : source?.readyState === EventSource.OPEN ? "Live" : source ? "Connecting" : "Offline";
    live.textContent = state;
    live.dataset.state = state;
    live.title = paused ? "Show changes again as they happen" : "Stop showing changes as they happen";
    live.setAttribute("aria-pressed", String(!paused));
  }

  function showCounts(now) {
    const flat = { ...now.states, retries: now.retries, servers: now.servers, waiting: now.waiting };
    let changed = false;
    for (const element of document.querySelectorAll("[data-count]")) {
      const text = now.texts[element.dataset.count] ?? number(flat[element.dataset.count] ?? 0);
      if (element.textContent === text) continue;
      element.textContent = text;
      changed = true;
    }
    const isNews = counts !== null && JSON.stringify(counts) !== JSON.stringify(now);
    counts = now;
    // A job's own page hears of its job by itself, and loads itself anew only to keep its "3 min ago" true.
    if (changed || isNews) refresh(($("log") ? 10000 : REFRESH_MS) - (performance.now() - loadedAt));
    if (changed && performance.now() - toldAt > 10000) {
      toldAt = performance.now();
      $("summary").textContent = ["waiting", "Processing", "Failed"].map(name => `${now.texts[name] ?? number(flat[name])} ${name.toLowerCase()}`).join(", ");
    }
  }

  function showProgress(progress) {
    if (!$("progress")) return refresh(0);
    $("progress").value = progress.fraction;
    $("percent").textContent = progress.percent;
    $("doing").textContent = progress.message;
  }

  function addLine(line) {
    const log = $("log");
    if (!log || line.id <= lastLine) return;
    lastLine = line.id;
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 30;
    const item = document.createElement("li");
    item.className = line.level;
    item.dataset.id = line.id;
    for (const [tag, text] of [["time", line.time], ["b", line.level], ["span", line.text]]) {
      const part = document.createElement(tag);
      part.textContent = text;
      item.append(part, " ");
    }
    item.firstChild.title = line.title;
    log.append(item);
    if (log.childElementCount > MAX_LINES) log.firstElementChild.remove();
    if (atEnd) log.scrollTop = log.scrollHeight;
  }

  function refresh(wait = REFRESH_MS - (performance.now() - loadedAt)) {
    const at = performance.now() + Math.max(0, wait);
    if (!source || (timer && dueAt <= at)) return;
    clearTimeout(timer);
    dueAt = at;
    timer = setTimeout(load, Math.max(0, wait));
  }

  // Nothing is taken from under a person who has marked a text or is answering a question.
  const isBusy = () => !getSelection().isCollapsed || document.querySelector("main :popover-open");

  async function load() {
    timer = 0;
    loadedAt = performance.now();
    if (isBusy()) return refresh();
    try {
      const response = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!response.ok && response.status !== 404) return;
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      if (source && !isBusy()) replace(page);
    } catch {
      // The stream tells whether the server can be reached; the next event tries again.
    }
  }

  function replace(page) {
    const before = document.querySelector("main"), after = document.adoptNode(page.querySelector("main"));
    const focused = document.activeElement;
    const selector = focused?.id ? `#${CSS.escape(focused.id)}`
      : focused?.hasAttribute("href") ? `a[href="${CSS.escape(focused.getAttribute("href"))}"]` : null;
    const scrolled = [...before.querySelectorAll("[id]")].filter(e => e.scrollTop || e.scrollLeft).map(e => [e.id, e.scrollTop, e.scrollLeft]);
    for (const details of before.querySelectorAll("details[id][open]"))
      after.querySelector(`#${CSS.escape(details.id)}`)?.setAttribute("open", "");
    for (const kept of before.querySelectorAll("[data-keep]"))
      after.querySelector(`#${kept.id}`)?.replaceWith(kept);
    const hadFocus = before.contains(focused);
    before.replaceWith(after);
    for (const [id, top, left] of scrolled) $(id)?.scrollTo(left, top);
    if (hadFocus && selector) after.querySelector(selector)?.focus({ preventScroll: true });
    document.title = page.title;
  }

  document.querySelector(".side [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  live.hidden = false;
  live.addEventListener("click", () => { paused = !paused; paused ? close() : (open(), refresh(0)); });
  document.addEventListener("visibilitychange", () => document.hidden ? close() : (open(), refresh(0)));
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);

  // What was done is told once: not again when the page loads itself anew.
  if (location.search.includes("done=")) history.replaceState(null, "", location.pathname);
  const log = $("log");
  if (log) { lastLine = Number(log.lastElementChild?.dataset.id ?? 0); log.scrollTop = log.scrollHeight; }
  open();
})();
