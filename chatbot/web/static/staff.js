"use strict";
// Pass Gradio its configuration, and say so in plain words when the connection or the session is lost.

// Gradio shows panels of its own for some queries. This page has none of them.
if (location.search) history.replaceState(history.state, "", location.pathname);

// Gradio's script, which follows this one, starts from these.
window.gradio_config = JSON.parse(document.getElementById("gradio-config").textContent);
window.gradio_config.root = new URL(".", location.href).href;
window.gradio_api_info = { named_endpoints: {}, unnamed_endpoints: {} };

// Gradio shows an error when an event fails. Where the server does not answer it any more, the banner says what to do.
addEventListener("DOMContentLoaded", () => {
  const lost = document.getElementById("lost");
  new MutationObserver(async () => {
    if (!lost.hidden || !document.querySelector(".toast-body.error")) return;
    const response = await fetch("gradio_api/app_id").catch(() => null);
    lost.hidden = Boolean(response?.ok);
  }).observe(document.body, { childList: true, subtree: true });
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
