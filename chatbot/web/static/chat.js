"use strict";
// The chat page's own script. It holds the conversation: what is asked is shown at once and asked in its turn, and what is
// answered stays in the tab. Gradio carries each question to the server and shows its answer.

// Gradio shows panels of its own for some queries. This page has none of them.
if (location.search) history.replaceState(history.state, "", location.pathname);

// Gradio's script, which runs after this one, starts from these.
window.gradio_config = JSON.parse(document.getElementById("gradio-config").textContent);
window.gradio_config.root = new URL(".", location.href).href;
window.gradio_api_info = { named_endpoints: {}, unnamed_endpoints: {} };

(() => {
  const SLOW = 8000; // milliseconds until the contact is shown beside a question
  const NEVER = 30000; // until a question may be asked again
  const LEAVING = 1000; // within which a page that is being left is gone
  const PRESS = 2000; // until Gradio, which has sent nothing, is pressed again
  const LOOK = 200; // between two looks whether Gradio is there
  const TURNS = 30; // that are kept when the page is left
  const LARGEST = 1_000_000; // characters that are kept
  const HISTORY = 5; // earlier questions that the server is sent

  const touch = matchMedia("(pointer: coarse)");
  const at = (id) => document.getElementById(id);
  const box = document.querySelector("#question textarea");
  const keeps = document.body.dataset.keep === "yes";
  const key = `footnote chat ${window.gradio_config.root}`;

  let turns = []; // that were answered: their words and html, the facts that the server put into that, and helpful
  let queue = []; // that were not: id, question, words, document, title, failed
  let current = null; // the question on its way: its turn, what Gradio is to send, whether it did, its timers
  let leaving = false;
  let pause;

  // ---- What is kept: in the tab's session storage, or, where the clinic has switched that off, only what the visitor has
  // written and nobody has answered, with the tab's entry in the history. A page that Gradio loads anew has it again.

  const stored = (change) => {
    try {
      return change(window.sessionStorage);
    } catch {
      // A browser may forbid storage, or have no room left; then the conversation lasts as long as the page.
    }
  };

  function save() {
    clearTimeout(pause);
    if (!keeps) {
      const draft = [...queue.map(({ question }) => question), box.value].filter((text) => text.trim()).join("\n");
      return history.replaceState(draft ? { draft } : null, "");
    }
    const last = turns.slice(-TURNS);
    const all = () => JSON.stringify({ turns: last, queue, draft: box.value });
    while (last.length > 1 && all().length > LARGEST) last.shift();
    const isEmpty = !last.length && !queue.length && !box.value;
    stored((storage) => (isEmpty ? storage.removeItem(key) : storage.setItem(key, all())));
  }

  function restore() {
    const kept = keeps ? stored((storage) => JSON.parse(storage.getItem(key))) : history.state;
    if (!kept) return;
    turns = kept.turns ?? [];
    queue = kept.queue ?? [];
    box.value = kept.draft ?? "";
  }

  // ---- Asking: one question at a time, in the order in which they were written.

  /** Whether a text has a character that can be seen; the server takes any other for empty. */
  const says = (text) => /[^\p{C}\p{Z}]/u.test(text);

  /** Ask a question, perhaps of a page that the visitor has chosen by its title. */
  function ask(text, page) {
    if (!says(text)) return;
    const question = text.replaceAll("\0", "\ufffd"); // as a page shows it
    const inside = document.activeElement;
    const words = page ? `${question} – ${page.title}` : question;
    queue.push({ id: crypto.getRandomValues(new Uint32Array(3)).join("-"), question, words, ...page });
    if (box.value.trim() === text.trim()) box.value = "";
    run();
    show();
    save();
    at("pending").lastElementChild.scrollIntoView({ block: "nearest" });
    // On a phone the keyboard would hide the answer; elsewhere the next question can be typed at once.
    if (touch.matches) inside?.blur();
    else box.focus({ preventScroll: true });
  }

  function run() {
    const [turn] = queue;
    if (current || !turn) return;
    const { id, question, document: page, title } = turn;
    const earlier = turns.filter(({ answer }) => answer).slice(page ? -HISTORY - 1 : -HISTORY, page ? -1 : undefined);
    const history = earlier.map(({ words }) => words);
    delete turn.failed;
    const asking = { turn, text: JSON.stringify({ id, question, history, document: page, title }) };
    current = asking;
    asking.slow = setTimeout(() => at("slow").replaceChildren(at("late").content.cloneNode(true)), SLOW);
    asking.never = setTimeout(() => fail(asking, "down"), NEVER);
    press(asking);
  }

  /** Have Gradio send a question; it may not be there yet, or have lost the server and be waiting to load the page anew. */
  function press(asking) {
    if (current !== asking || asking.sent) return;
    const sent = document.querySelector("#sent :is(textarea, input)");
    if (sent) {
      sent.value = asking.text;
      sent.dispatchEvent(new Event("input", { bubbles: true }));
      at("post")?.click();
    }
    setTimeout(() => press(asking), sent ? PRESS : LOOK);
  }

  // What Gradio sends is the one thing that says for certain that a question is on its way, and whether it was taken.
  const send = window.fetch;
  window.fetch = (resource, options) => {
    const reply = send(resource, options);
    const asking = current;
    if (asking && /\/gradio_api\/queue\/join\b/.test(resource?.url ?? resource) && options.body.includes(asking.turn.id)) {
      asking.sent = true;
      reply.then(
        ({ ok, status }) => ok || fail(asking, status === 429 ? "busy" : "down"),
        () => fail(asking, "down"),
      );
    }
    return reply;
  };

  function stop() {
    clearTimeout(current?.slow);
    clearTimeout(current?.never);
    current = null;
    at("slow").replaceChildren();
  }

  /** Leave a question in the conversation with a button to ask it again; those after it wait for that. */
  function fail(asking, reason) {
    if (current !== asking) return;
    // What breaks off because the page is being left is asked when it is opened again.
    if (leaving) return setTimeout(() => fail(asking, reason), LEAVING);
    stop();
    asking.turn.failed = reason;
    show();
    save();
    at("pending").querySelector(".again").scrollIntoView({ block: "nearest" });
  }

  /** Take over the answer that Gradio shows, unless it is that of a question that was cleared or answered before. */
  function take({ facts, html }) {
    const place = queue.findIndex(({ id }) => id === facts.id);
    if (place < 0) return show();
    const [{ words, question }] = queue.splice(place, 1);
    if (current?.turn.id === facts.id) stop();
    turns.push({ ...facts, words, html });
    if (!facts.answer) box.value ||= question;
    run();
    show();
    save();
    showNewest();
  }

  function clear() {
    stop();
    turns = [];
    queue = [];
    document.querySelector("#current .icon-button-wrapper button")?.click(); // Gradio's own button, which is not shown
    show();
    save();
    box.focus();
  }

  // ---- What is shown. Gradio has the newest answer; those before it, and the questions that wait, stand around it.

  function make(name, properties, ...children) {
    const node = Object.assign(document.createElement(name), properties);
    node.append(...children);
    return node;
  }

  const piece = (id) => [...at(id).content.cloneNode(true).children];
  const heard = (text) => make("span", { className: "heard" }, text);
  const said = (words) =>
    make("p", { className: "asked" }, heard("You asked: "), make("span", { className: "said", dir: "auto" }, words));

  /** What Gradio shows: the facts of the turn and its HTML; nothing before the first answer. */
  function shownByGradio() {
    const turn = document.querySelector("#current .turn");
    return turn && { facts: JSON.parse(turn.querySelector(".facts").textContent), html: turn.outerHTML };
  }

  function show() {
    const newest = turns.at(-1);
    const isCurrent = newest !== undefined && shownByGradio()?.facts.id === newest.id;
    document.body.classList.toggle("stale", !isCurrent);
    document.body.classList.toggle("asking", queue.length > 0);
    showEarlier(isCurrent ? turns.slice(0, -1) : turns);
    showPending();
    showNext(newest);
    nameChoices();
  }

  function showEarlier(before) {
    const section = at("earlier");
    if (!before.length) section.replaceChildren();
    for (const { words, html } of before.slice(section.children.length)) {
      const answer = make("template", { innerHTML: html }).content;
      section.append(make("div", { className: "exchange" }, said(words), answer));
    }
    section.hidden = !before.length;
  }

  function showPending() {
    const waiting = (turn) => {
      const after = turn.failed
        ? [make("div", { className: "answer apology", role: "alert" }, ...piece(turn.failed), ...piece("again"))]
        : turn === current?.turn
          ? []
          : piece("waits");
      return make("div", { className: "exchange" }, said(turn.words), ...after);
    };
    at("pending").replaceChildren(...queue.map(waiting));
    at("pending").hidden = !queue.length;
    at("searching").textContent = current ? "Looking through our pages…" : "";
  }

  /** Show what can be done after the newest answer. */
  function showNext(newest) {
    const urgent = [...document.querySelectorAll("#log .urgent")].at(-1);
    Object.assign(at("dismiss"), { textContent: newest?.dismiss, hidden: !newest?.dismiss });
    Object.assign(at("dismiss"), { lang: urgent?.lang ?? "", dir: urgent?.dir ?? "" });
    at("feedback").hidden = !newest?.judged;
    for (const button of at("feedback").children) {
      const label = button.value ? "Helpful" : "Not helpful";
      button.textContent = newest?.helpful === Boolean(button.value) ? `${label}, thank you` : label;
    }
    const offered = newest?.suggestions?.map((text) => make("button", { type: "button" }, text));
    at("suggestions").replaceChildren(...(newest ? offered ?? [] : piece("starters")));
    document.body.classList.toggle("begun", Boolean(newest));
    at("clear").hidden = !newest && !queue.length;
  }

  /** Name the groups of buttons, and take away the labels in which Gradio repeats each message with its markup. */
  function nameChoices() {
    for (const message of document.querySelectorAll("#current [data-testid][aria-label]")) {
      message.removeAttribute("aria-label");
    }
    for (const group of document.querySelectorAll("#log .choices:not([aria-label])")) {
      group.setAttribute("aria-label", group.previousElementSibling?.textContent ?? "");
    }
    // Not said aloud again: the visitor has just typed it, and waits for the answer.
    for (const row of document.querySelectorAll("#current .user-row:not([aria-live])")) row.setAttribute("aria-live", "off");
    const log = document.querySelector("#current [role=log]:not([aria-label=Conversation])");
    log?.setAttribute("aria-label", "Conversation");
  }

  /** Bring the newest question to the top, so that its answer is read from its beginning. */
  function showNewest() {
    const newest = document.querySelector("#current .user-row");
    const log = document.querySelector("#current [role=log]");
    if (!newest || !log) return;
    // Gradio goes on laying out for a moment, which moves what stands below: hold the question where it is put.
    const hold = new ResizeObserver(() => newest.scrollIntoView({ block: "start" }));
    for (const part of log.children) hold.observe(part);
    hold.observe(log);
    setTimeout(() => hold.disconnect(), 500);
  }

  // ---- What the visitor does.

  at("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    ask(box.value);
  });

  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    ask(box.value);
  });

  box.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(save, 300);
  });
  addEventListener("pagehide", save);
  addEventListener("beforeunload", () => {
    leaving = true;
    setTimeout(() => (leaving = false), LEAVING);
  });

  document.addEventListener("click", ({ target }) => {
    const button = target.closest?.("button");
    if (!button) return;
    if (button.matches("#suggestions button, #dismiss")) ask(button.textContent);
    else if (button.matches("#clear")) clear();
    else if (button.matches("#feedback button")) judge(Boolean(button.value));
    else if (button.matches(".again")) again();
    else if (button.matches("#log .choices button")) choose(button);
  });

  function again() {
    run();
    show();
    save();
    if (!touch.matches) box.focus({ preventScroll: true });
  }

  function choose(button) {
    const { words, choices } = turns.at(-1);
    const document = choices[[...button.parentNode.children].indexOf(button)];
    ask(words, { document, title: button.textContent });
  }

  async function judge(helpful) {
    const newest = turns.at(-1);
    const body = JSON.stringify({ answer_id: newest.answer, helpful });
    const headers = { "Content-Type": "application/json" };
    const reply = await send(`${window.gradio_config.root}api/feedback`, { method: "POST", headers, body }).catch(() => null);
    if (!reply?.ok) return;
    newest.helpful = helpful;
    show();
    save();
  }

  // ---- What Gradio does.

  const seen = new WeakSet();
  let last;

  function follow() {
    nameChoices();
    // Gradio tells of an error, such as a stream that broke off, in words of its own.
    for (const toast of document.querySelectorAll(".toast-body.error")) {
      if (!seen.has(toast) && current) fail(current, "down");
      seen.add(toast);
    }
    const shown = shownByGradio();
    if (shown && shown.facts.id !== last) {
      last = shown.facts.id;
      take(shown);
    }
  }

  try {
    restore();
    show();
  } catch {
    // An earlier Footnote has kept it in another way.
    turns = [];
    queue = [];
    show();
  }
  // A page that is loaded anew, or gone back to, scrolls by itself to where it was left.
  if (performance.getEntriesByType("navigation")[0]?.type === "navigate") at("earlier").lastElementChild?.scrollIntoView();
  if (queue[0] && !queue[0].failed) {
    run();
    show();
  }
  new MutationObserver(follow).observe(document, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ["aria-label"],
  });
})();
