"use strict";
// The chat page's own script: it hands Gradio its configuration, and does for the conversation what Gradio leaves out.

// Gradio shows panels of its own for some queries. This page has none of them.
if (location.search) history.replaceState(history.state, "", location.pathname);

// Gradio's script, which follows this one, starts from these.
window.gradio_config = JSON.parse(document.getElementById("gradio-config").textContent);
window.gradio_config.root = new URL(".", location.href).href;
window.gradio_api_info = { named_endpoints: {}, unnamed_endpoints: {} };

(() => {
  const touch = matchMedia("(pointer: coarse)");
  let answers = 0;
  let draft = history.state?.draft ?? "";
  let pause;

  const question = () => document.querySelector("#question textarea");

  /** Take away the labels in which Gradio repeats each message with its markup, and leave only answers to be said. */
  function tidyLabels() {
    for (const message of document.querySelectorAll("#log [data-testid][aria-label]")) {
      message.removeAttribute("aria-label");
    }
    for (const group of document.querySelectorAll("#log .choices:not([aria-label])")) {
      group.setAttribute("aria-label", group.previousElementSibling?.textContent ?? "");
    }
    // Not said aloud again: whoever has just typed a question waits for the answer.
    for (const row of document.querySelectorAll("#log .user-row:not([aria-live])")) row.setAttribute("aria-live", "off");
    const log = document.querySelector("#log [role=log]:not([aria-label=Conversation])");
    log?.setAttribute("aria-label", "Conversation");
  }

  /** Write the button below an urgent answer in the answer's own language. */
  function tellLanguage() {
    const button = document.getElementById("dismiss");
    const said = [...document.querySelectorAll("#log .bot-row .urgent")].at(-1);
    if (!button || !said || button.lang === said.lang) return;
    button.lang = said.lang;
    button.dir = said.dir;
  }

  /** Bring the newest question to the top, so that its answer is read from its beginning. */
  function showNewest() {
    const newest = [...document.querySelectorAll("#log .user-row")].at(-1);
    const log = document.querySelector("#log [role=log]");
    if (!newest || !log) return;
    // Gradio goes on laying out for a moment, which moves what stands below: hold the question where it is put.
    const hold = new ResizeObserver(() => newest.scrollIntoView({ block: "start" }));
    for (const part of log.children) hold.observe(part);
    hold.observe(log);
    setTimeout(() => hold.disconnect(), 500);
    // On a phone the keyboard would hide the answer; elsewhere the next question can be typed at once.
    if (touch.matches) question()?.blur();
    else question()?.focus({ preventScroll: true });
  }

  // Gradio loads the page anew after a lost connection. What was being typed stays with the tab's entry in the history
  // until it is sent or the tab is closed; it is stored nowhere.
  function keepDraft() {
    clearTimeout(pause);
    pause = setTimeout(() => {
      const typed = question()?.value;
      history.replaceState(typed ? { draft: typed } : null, "");
    }, 300);
  }

  function restoreDraft() {
    const box = question();
    if (!draft || !box) return;
    box.value = draft;
    box.dispatchEvent(new Event("input", { bubbles: true }));
    draft = "";
  }

  document.addEventListener("input", keepDraft);

  // The buttons in an answer press those of Gradio, which stand below the conversation and are not shown.
  document.addEventListener("click", ({ target }) => {
    const pressed = target.closest?.("#log .choices button");
    if (!pressed) return;
    const place = [...pressed.parentNode.children].indexOf(pressed);
    document.querySelectorAll("#choices button")[place]?.click();
  });

  /** Tell of a lost connection when Gradio does, until an answer comes or the page is loaded anew. */
  function tellLost() {
    const lost = document.getElementById("lost");
    if (lost?.hidden && document.querySelector(".toast-body.error")) {
      lost.hidden = false;
      lost.scrollIntoView({ block: "nearest" });
    }
  }

  function follow() {
    tidyLabels();
    tellLanguage();
    restoreDraft();
    tellLost();
    const now = document.querySelectorAll("#log .bot-row .answer").length;
    if (now === answers) return;
    document.getElementById("lost").hidden = true;
    if (now > answers) showNewest();
    else if (now === 0) question()?.focus();
    answers = now;
    keepDraft();
  }

  new MutationObserver(follow).observe(document, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ["aria-label"],
  });
})();
