"use strict";
// Pass Gradio its configuration, and say so in plain words when the connection or the session is lost.

// Gradio shows panels of its own for some queries. This page has none of them.
if (location.search) history.replaceState(history.state, "", location.pathname);

// Gradio's script, which follows this one, starts from these.
window.gradio_config = JSON.parse(document.getElementById("gradio-config").textContent);
window.gradio_config.root = new URL(".", location.href).href;
window.gradio_api_info = { named_endpoints: {}, unnamed_endpoints: {} };

// What an editor types into the form of a page stays in this tab until it is saved, so that neither a lost connection
// nor a server that is started again takes it away. It is offered back to her alone, and goes when she signs out.
const FIELDS = ["title", "body", "url", "reviewed"];
const REASONS = { lost: "The connection to the server is lost.", restarted: "The server was started again.", out: "You have been signed out." };
const field = (name) => document.querySelector(`#pages-${name} :is(textarea, input)`);
const tidy = (text) => text.replace(/\r\n?/g, "\n").trim();
const same = (one, other) => FIELDS.every((name) => tidy(one[name]) === tidy(other[name]));

const keeper = () => {
  const { account } = document.body.dataset;
  const place = `footnote-unsaved:${location.pathname}`;
  const box = document.getElementById("kept");
  let kept = { account, now: null, earlier: [] };
  let asked = null; // what is on its way into the form
  let stopped = false;
  let isKept = true;

  const write = () => {
    try {
      if (kept.now || kept.earlier.length) sessionStorage.setItem(place, JSON.stringify(kept));
      else sessionStorage.removeItem(place);
      isKept = true;
    } catch {
      isKept = false; // it is full, or the browser allows none
    }
  };
  const offer = () => {
    const last = kept.earlier.at(-1);
    box.hidden = !last;
    if (!last) return;
    const time = new Date(last.time).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
    const title = last.typed.title.trim() ? `\u201c${last.typed.title.trim()}\u201d` : "a page without a title";
    box.firstElementChild.textContent = `What you typed into ${title} until ${time} was not saved. It is kept in this tab.`;
  };
  const answered = () => { kept.earlier.pop(); asked = null; write(); offer(); };
  const sync = () => {
    const saved = field("saved");
    if (stopped || !saved || !FIELDS.every(field)) return;
    const before = saved.value ? JSON.parse(saved.value) : null;
    const typed = Object.fromEntries(FIELDS.map((name) => [name, field(name).value]));
    const now = before && !same(typed, before) ? { page: before.page, before, typed } : null;
    const isNew = JSON.stringify(now?.typed) !== JSON.stringify(kept.now?.typed) || now?.page !== kept.now?.page;
    if (isNew) {
      kept.now = now && { ...now, time: Date.now() };
      write();
    }
    if (asked && now && same(now.typed, asked.typed)) answered();
  };
  const putBack = () => {
    const target = field("restore");
    if (!target) return setTimeout(putBack, 200); // Gradio is still loading
    asked = kept.earlier.at(-1);
    target.value = JSON.stringify({ ...asked, nonce: Date.now() });
    target.dispatchEvent(new Event("input", { bubbles: true }));
  };

  try {
    const earlier = JSON.parse(sessionStorage.getItem(place));
    if (earlier?.account === account) kept = { account, now: null, earlier: [...earlier.earlier, earlier.now].filter(Boolean) };
  } catch {
    isKept = false;
  }
  write(); // what another account left is gone
  if (!document.body.classList.contains("editor")) return { state: () => "" };
  offer();
  document.getElementById("kept-back").addEventListener("click", putBack);
  document.getElementById("kept-drop").addEventListener("click", answered);
  document.querySelectorAll(".who form").forEach((form) => form.addEventListener("submit", () => {
    stopped = true;
    sessionStorage.removeItem(place);
  }));
  addEventListener("input", () => setTimeout(sync));
  addEventListener("pagehide", sync);
  setInterval(sync, 1000); // the server fills the form without an event
  const state = (canGoOn) => {
    sync();
    if (!kept.now) return "";
    if (!isKept) return "What you typed is only in the form: copy it before you load the page again.";
    return `What you typed is kept in this tab, and ${canGoOn ? "you can go on writing" : "is offered to you again"}.`;
  };
  return { state };
};

// The server is asked now and then whether it is there, outside of the console, because that would keep a session alive.
// Gradio shows an error when an event fails; whether she is signed out is only asked then.
addEventListener("DOMContentLoaded", () => {
  const { state } = keeper();
  const banner = document.getElementById("lost");
  const show = (kind) => {
    const text = kind && `${REASONS[kind]} ${state(kind === "lost")}`.trim();
    if (banner.firstElementChild.textContent !== text) banner.firstElementChild.textContent = text;
    banner.lastElementChild.hidden = kind === "lost";
    banner.hidden = !kind;
  };
  const get = (address) => fetch(address, { cache: "no-store", signal: AbortSignal.timeout(8000) }).catch(() => null);
  const consoleState = async () => {
    const response = await get("gradio_api/app_id");
    if (response?.status === 401) return "out";
    if (!response?.ok) return "lost";
    return (await response.json()).app_id === window.gradio_config.app_id ? "" : "restarted";
  };
  const look = async () => {
    if (document.hidden) return;
    const alive = (await get("../api/health"))?.ok;
    if (!alive) show("lost");
    else if (!banner.hidden) show(await consoleState());
  };
  setInterval(look, 10_000);
  ["online", "offline", "visibilitychange"].forEach((name) => addEventListener(name, look));
  new MutationObserver(async () => {
    if (banner.hidden && document.querySelector(".toast-body.error")) show(await consoleState());
  }).observe(document.body, { childList: true, subtree: true });
});

// What became of a publishing that was cut off is shown until she says that she has seen it.
addEventListener("submit", async (event) => {
  if (event.target.id !== "cut-off") return;
  event.preventDefault();
  const response = await fetch(event.target.action, { method: "POST" }).catch(() => null);
  event.target.hidden = Boolean(response?.ok);
});

// The first-day review can be done with the keyboard alone. Its keys work while the focus is inside its panel, and never
// where somebody types.
const ANSWERS = ["right", "other", "no-answer", "skip", "back"].map((name) => `first-day-${name}`);
const pressed = (id) => document.getElementById(id)?.click();
const shown = (id) => document.getElementById(id)?.checkVisibility();
const choose = (radio) => { radio?.focus(); radio?.click(); };

addEventListener("keydown", (event) => {
  const target = event.target;
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || !target.closest?.("#first-day-panel")) return;
  const choosing = shown("first-day-choosing");
  const number = Number(event.key);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key === "Escape") pressed(choosing ? "first-day-close" : "first-day-leave");
  else if (target.matches("textarea, input:not([type=radio])")) return;
  else if (choosing && event.key === "Enter" && target.matches("[type=radio]")) pressed("first-day-take");
  else if (choosing && step && target.matches("[type=radio]")) {
    // Gradio names each of its radio buttons otherwise, so that the browser does not move between them.
    const radios = [...document.querySelectorAll("#first-day-choice input")];
    choose(radios[(radios.indexOf(target) + step + radios.length) % radios.length]);
  } else if (choosing && number) choose(document.querySelectorAll("#first-day-choice input")[number - 1]);
  else if (!choosing && ANSWERS[number - 1] && shown(ANSWERS[number - 1])) pressed(ANSWERS[number - 1]);
  else return;
  event.preventDefault();
});

addEventListener("click", (event) => {
  const inPanel = event.target.closest("#first-day-panel");
  if (inPanel && document.activeElement === document.body) inPanel.querySelector("#first-day-card h2")?.focus();
});

// With each question the focus goes to its heading, so that its keys work and screen readers read it. The list of other
// passages takes it when it opens.
addEventListener("DOMContentLoaded", () => {
  let last = null;
  let listed = false;
  let open = false;
  new MutationObserver(() => {
    const heading = shown("first-day-panel") && document.querySelector("#first-day-card h2");
    const first = shown("first-day-choosing") && document.querySelector("#first-day-choice input, #first-day-search input");
    const closed = listed && !first;
    const another = heading && heading.textContent !== last?.textContent;
    const lost = heading && heading !== last && document.activeElement === document.body;
    if (heading) heading.tabIndex = -1;
    if (first && !listed) first.focus();
    else if (another || closed || lost) heading?.focus();
    else if (open && !heading && document.activeElement === document.body) document.getElementById("first-day-go-on")?.focus();
    open = Boolean(heading);
    last = heading || null;
    listed = Boolean(first);
  }).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["class", "style"] });
});
