"use strict";
// The staff console's own script: it hands Gradio its configuration, and tells of a lost connection in our words.

// Gradio shows panels of its own for some queries. This page has none of them.
if (location.search) history.replaceState(history.state, "", location.pathname);

// Gradio's script, which follows this one, starts from these.
window.gradio_config = JSON.parse(document.getElementById("gradio-config").textContent);
window.gradio_api_info = { named_endpoints: {}, unnamed_endpoints: {} };
