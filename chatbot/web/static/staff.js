"use strict";
// Give Gradio its configuration, and say so in plain words when the connection or the session is lost.

// Gradio shows panels of its own for some queries. This page has none of them.
if (location.search) history.replaceState(history.state, "", location.pathname);

// Gradio's script, which follows this one, starts from these.
window.gradio_config = JSON.parse(document.getElementById("gradio-config").textContent);
window.gradio_api_info = { named_endpoints: {}, unnamed_endpoints: {} };

// Gradio shows an error when an event fails. Where the server does not answer it any more, the banner says what to do.
addEventListener("DOMContentLoaded", () => {
  const lost = document.getElementById("lost");
  new MutationObserver(async () => {
    if (!lost.hidden || !document.querySelector(".toast-body.error")) return;
    const response = await fetch("/staff/gradio_api/app_id").catch(() => null);
    lost.hidden = Boolean(response?.ok);
  }).observe(document.body, { childList: true, subtree: true });
});
