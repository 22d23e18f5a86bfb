// Footnote's chat for the clinic's own site: a button at load, a window when somebody opens it, and in it all that has to
// be there when the server is not. The conversation itself comes with the first opening (widget-talk.js); before that
// nothing is asked for and nothing is kept. The server puts the clinic's words and the style in as it sends the file.
(() => {
  "use strict";
  const BAKED = __CLINIC__;
  const HOME = __HOME__; // the server's address as it was asked for this file, or null
  const STYLE = __STYLE__;

  // Taken early: what runs on the page later may put something else in their place.
  const { document, customElements, HTMLElement, CSSStyleSheet, CustomEvent, URL, JSON, Object } = window;
  const { setTimeout, clearTimeout, setInterval, matchMedia, visualViewport, getComputedStyle, fetch, performance: clock } = window;

  // ---- The tag: where the server is, and what this page wants. It may be gone, copied without its settings, or hold this
  // program as its text, as page builders, tag managers and optimisers do it.

  const own = document.currentScript;
  const addressOf = (tag) => {
    const named = [...tag.attributes].find(({ value }) => /^(\S*\/)?widget(\.[\da-f]{12})?\.js([?#]\S*)?$/.test(value));
    return named && new URL(named.value, document.baseURI).href;
  };
  const tags = [...document.querySelectorAll("script")].filter(addressOf);
  const hasSettings = (tag) => tag && Object.keys(tag.dataset)[0];
  const address =
    (own && addressOf(own)) ??
    tags.map(addressOf).find((one, _, all) => (HOME && one.startsWith(HOME)) || all.length === 1) ??
    HOME;
  const script = hasSettings(own) ? own : tags.find((tag) => hasSettings(tag) && addressOf(tag) === address) ?? own;
  let data = script?.dataset ?? {};
  if (!(data.server || address) || !(BAKED || data.clinic)) {
    return console.error(
      "Footnote: which server? Leave widget.js out of what is combined, or add data-server to its tag.",
    );
  }
  // A pinned file is the same for everybody; what the clinic says of itself stands in its tag.
  const CLINIC = BAKED ?? JSON.parse(data.clinic);
  const T = CLINIC.texts;
  const base = data.server ? new URL(data.server.replace(/\/*$/, "/")).href : new URL(".", address).href;
  const choice = (name) => data[name] || CLINIC[name];
  const isOn = (name) => (name in data ? data[name] !== "false" : CLINIC[name]);

  // Only one language is in the file: another is another file.
  const wanted = data.language === "auto" ? document.documentElement.lang.slice(0, 2).toLowerCase() : data.language;
  if (BAKED && wanted && wanted !== CLINIC.language && CLINIC.languages.includes(wanted) && !("again" in data)) {
    const other = document.createElement("script");
    for (const name of Object.keys(data)) other.dataset[name] = data[name];
    other.dataset.again = "";
    for (const name of ["nonce", "referrerPolicy", "crossOrigin"]) if (own?.[name]) other[name] = own[name];
    other.src = `${base}widget.js?language=${wanted}`;
    (own ?? document.head.lastChild).after(other);
    return;
  }

  // There is one chat, however often its tag runs: the newest says how it looks. A tag in another language is another chat.
  const mark = Symbol.for(`footnote ${base}`);
  if (window[mark]?.(data, CLINIC.language)) return;
  const targets = [];
  let inline = false;
  let removed = false;
  let since = clock.now();
  window[mark] = (next, language) => {
    if (language !== CLINIC.language) {
      if (window.Footnote === api) delete window.Footnote;
      return chat.remove();
    }
    data = next;
    settle();
    return true;
  };

  /** The address of a script, for pages whose policy asks for more than a text. */
  const trusted = (address) =>
    window.trustedTypes?.createPolicy("footnote", { createScriptURL: (given) => given }).createScriptURL(address) ??
    address;

  // ---- Elements. Whatever is said goes in as text; nothing is ever read as HTML.

  const make = (tag, attributes, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes ?? {})) {
      if (typeof value === "function") node.addEventListener(name, value);
      else if (value != null) node.setAttribute(name, value);
    }
    node.append(...children.filter((child) => child));
    return node;
  };

  const icon = (path) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const line = document.createElementNS(svg.namespaceURI, "path");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    line.setAttribute("d", path);
    svg.append(line);
    return svg;
  };

  const heard = (text) => make("span", { class: "heard" }, `${text} `);
  const button = (name, click, ...content) => make("button", { type: "button", class: name, click }, ...content);
  /** A button with a sign, which is named where it is pointed at or read aloud. */
  const tool = (name, click, path) =>
    make("button", { type: "button", class: "tool", click, title: name, "aria-label": name }, icon(path));

  // ---- Colour: the clinic's own, moved towards black or white until it can be read on our surfaces (WCAG 2, 4.5:1).

  const bytes = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  const linear = (byte) => (byte /= 255) <= 0.04045 ? byte / 12.92 : ((byte + 0.055) / 1.055) ** 2.4;
  const luminance = (c) => 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2]) + 0.05;
  const contrast = (one, other) => {
    const ratio = luminance(one) / luminance(other);
    return Math.max(ratio, 1 / ratio);
  };
  const BLACK = [0, 0, 0];
  const WHITE = [255, 255, 255];
  const shade = (colour, end, surface) => {
    for (let step = 0; step < 100; step++) {
      const moved = colour.map((byte, at) => Math.round(byte + ((end[at] - byte) * step) / 100));
      if (contrast(moved, surface) >= 4.5) return moved;
    }
    return end;
  };

  /** Dress the chat in the page's own scheme: dark only where the page itself is. */
  const dress = () => {
    const scheme = getComputedStyle(document.documentElement).colorScheme;
    const dark = /dark/.test(scheme) && (!/light/.test(scheme) || matchMedia("(prefers-color-scheme: dark)").matches);
    const own = /^#[\da-f]{6}$/i.test(data.colour) ? data.colour : CLINIC.colour;
    const accent = dark ? shade(bytes(own), WHITE, [42, 46, 49]) : shade(bytes(own), BLACK, [241, 238, 232]);
    section.classList.toggle("dark", dark);
    section.style.setProperty("--accent", `rgb(${accent})`);
    section.style.setProperty(
      "--on-accent",
      contrast(accent, WHITE) >= contrast(accent, BLACK) ? "#fff" : "#000",
    );
  };

  const anchor = (href, newTab, ...content) =>
    make("a", { href, ...(newTab ? { target: "_blank", rel: "noopener" } : {}) }, ...content);

  const call = (phone, said = phone) => anchor(`tel:${phone.replace(/[^\d+]/g, "")}`, false, said);
  const mail = (address) => anchor(`mailto:${encodeURI(address)}`, false, address);
  const book = (address) => anchor(address, true, T.book_online, heard(` (${T.new_tab})`));

  const emergency = () => {
    const phone = CLINIC.emergency;
    const [before, after] = T.emergency.split("{number}");
    return make("p", { class: "emergency", dir: "auto" }, before, phone && call(phone), after);
  };

  /** How to reach the clinic, as it stood when the page was loaded: it is there when the server is not. */
  const contact = () => {
    const { phone, email, booking, hours, address: street } = CLINIC.contact;
    const ways = [
      [T.call, phone && call(phone)],
      [T.book, booking && book(booking)],
      [T.open, hours],
      [T.write, email && mail(email)],
      [T.visit, street],
    ];
    const rows = ways
      .filter((way) => way[1])
      .map(([name, way]) => make("li", null, make("span", { class: "way" }, name), make("span", { dir: "auto" }, way)));
    return make(
      "div",
      { class: "contact" },
      rows[0] && make("p", { class: "name" }, T.contact),
      rows[0] && make("ul", null, ...rows),
      emergency(),
    );
  };

  // ---- The window.

  const sheet = matchMedia("(max-width: 30em), (max-height: 28em)");
  const touch = matchMedia("(pointer: coarse)");
  let chat, panel, scroll, log, status, offers, input, clearing, closing, launcher, talk, loading, waiting;
  let isOpen = false;
  let lift = 0;

  const suggest = (name, questions) =>
    offers.replaceChildren(
      questions.length ? make("p", null, name) : "",
      ...questions.map((question) => button("offer", () => ask(question), make("span", { dir: "auto" }, question))),
    );

  /** What is said when the server cannot be asked: how to reach the clinic all the same. */
  const trouble = (again) => [
    ...T.down.split("\n").map((line) => make("p", { dir: "auto" }, line)),
    contact(),
    button("plain", again, T.again),
  ];

  const searching = () => status.replaceChildren(make("p", { class: "searching" }, T.searching));
  const rest = () => (touch.matches ? scroll : input).focus({ preventScroll: true, focusVisible: !touch.matches });

  /** Fetch the conversation, once. */
  const load = () => {
    if (loading) return;
    const tag = make("script", { crossorigin: "anonymous" });
    const done = () => {
      clearTimeout(never);
      tag.remove();
      if (loading !== tag) return;
      talk = tag.footnote.talk;
      status.replaceChildren();
      if (talk) {
        if (waiting) talk.ask(waiting);
        waiting = null;
        return;
      }
      loading = null;
      input.value ||= waiting ?? "";
      status.replaceChildren(
        ...trouble(() => {
          searching();
          load();
        }),
      );
    };
    const never = setTimeout(done, 15000);
    loading = tag;
    tag.nonce = own?.nonce ?? "";
    if (CLINIC.integrity) tag.integrity = CLINIC.integrity; // a pinned program loads a pinned conversation
    tag.footnote = {
      ...{ CLINIC, T, base, choice, make, heard, button, anchor, call, mail, book, emergency, contact },
      ...{ trouble, searching, suggest, rest, wear, root, section, scroll, log, status, input, clearing, sheet, touch, fetch, open, close, tell },
    };
    tag.src = trusted(`${base}widget-talk.js?v=${CLINIC.talk}`);
    tag.addEventListener("load", done);
    tag.addEventListener("error", done);
    document.head.append(tag);
  };

  const ask = (text) => {
    const question = `${text ?? ""}`.trim();
    if (!/[^\p{C}\p{Z}]/u.test(question)) return; // nothing that can be seen
    open();
    if (talk) return talk.ask(question);
    waiting = question;
    searching();
    load();
  };

  const build = () => {
    log = make("div", { role: "log", "aria-label": T.conversation });
    status = make("div", { role: "status", class: "status" });
    offers = make("div", { class: "offers" });
    input = make("textarea", {
      rows: "1",
      placeholder: T.question,
      "aria-label": T.question,
      autocomplete: "off",
      enterkeyhint: "send",
      keydown: (event) => {
        if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
        event.preventDefault();
        ask(input.value);
      },
    });
    scroll = make(
      "div",
      { class: "scroll", tabindex: "0", role: "group", "aria-label": T.conversation },
      make("p", { class: "greeting", dir: "auto" }, CLINIC.paused || choice("greeting")),
      CLINIC.paused && contact(),
      log,
      status,
      offers,
    );
    clearing = tool(T.clear, () => talk.clear(), "M5 7h14M10 7V5h4v2M7 7l1 12h8l1-12");
    clearing.hidden = true;
    closing = tool(T.close, close, "M6 6l12 12M18 6L6 18");
    frame(
      make(
        "header",
        null,
        make("h2", { id: "title", dir: "auto" }, choice("title")),
        clearing,
        closing,
        make("p", null, T.notice),
      ),
      scroll,
      make(
        "form",
        {
          class: "ask",
          submit: (event) => {
            event.preventDefault();
            ask(input.value);
          },
        },
        input,
        make("button", { class: "send" }, T.send),
      ),
      make(
        "p",
        { class: "privacy", dir: "auto" },
        T.privacy,
        " ",
        CLINIC.privacy && anchor(CLINIC.privacy, true, T.privacy_link, heard(` (${T.new_tab})`)),
      ),
    );
    suggest(T.starters, CLINIC.starters);
  };

  /** Make the window, or make another of it where the chat moved into an element of the page or out of it. */
  const frame = (...parts) => {
    const kind = inline ? "div" : "dialog";
    closing.hidden = inline;
    if (panel?.localName === kind) return;
    const leave = (event) => {
      event.preventDefault();
      close();
    };
    const next = make(
      kind,
      {
        class: "panel",
        "aria-labelledby": "title",
        role: inline ? "group" : null,
        keydown: (event) => event.key === "Escape" && !inline && leave(event),
        cancel: leave,
        close: () => panel.open || close(),
        // Where the window stands open by itself, the first touch of it is the visitor's opening.
        focusin: load,
        pointerdown: load,
      },
      ...(panel?.childNodes ?? parts),
    );
    panel?.remove();
    section.append(next);
    panel = next;
  };

  /** Keep a full screen within what the on-screen keyboard leaves. */
  const fit = () => {
    panel.style.setProperty("--height", `${visualViewport.height}px`);
    panel.style.setProperty("--top", `${visualViewport.offsetTop}px`);
  };

  const lay = () => {
    if (sheet.matches) panel.showModal();
    else panel.open = true; // unlike show(), this leaves the focus where it is
  };

  const open = (quietly) => {
    if (removed || chat.hidden) show();
    if (!panel) build();
    if (isOpen || inline) return;
    isOpen = true;
    dress();
    launcher.setAttribute("aria-expanded", "true");
    section.classList.add("open");
    if (visualViewport) fit();
    lay();
    avoid();
    if (quietly !== true) {
      load();
      rest();
    }
    tell("open");
  };

  const close = () => {
    if (!isOpen) return;
    isOpen = false;
    const inside = root.activeElement;
    panel.close();
    section.classList.remove("open");
    launcher.setAttribute("aria-expanded", "false");
    if (inside) launcher.focus({ preventScroll: true });
    avoid();
    tell("close");
  };

  const hide = () => {
    close();
    chat.hidden = true;
  };

  const show = () => {
    removed = chat.hidden = false;
    put();
  };

  // ---- Room: whatever the page holds in place at the bottom, such as a cookie bar, is never covered.

  const OVERLAY = "dialog,[role*=dialog],[aria-modal=true],[id*=cookie i],[class*=cookie i],[id*=consent i],[class*=consent i]";
  const CONTROL = "a,button,input,select,label,[role=button],[tabindex]";

  /** The height at which a thing of the page begins that a point of the chat would cover; nothing where it scrolls. */
  const edge = (x, y, seen) => {
    let hit = document.elementsFromPoint(x, y).find((node) => node !== chat);
    for (let inner; (inner = hit?.shadowRoot?.elementFromPoint(x, y)) && inner !== hit; ) hit = inner;
    if (!hit || seen.has(hit)) return;
    seen.add(hit);
    for (let node = hit; node && node !== document.documentElement; node = node.parentElement ?? node.getRootNode().host) {
      const { position, bottom } = getComputedStyle(node);
      if (position !== "fixed" && (position !== "sticky" || bottom === "auto")) continue;
      const box = node.getBoundingClientRect();
      if (box.height < window.innerHeight * 0.6) return box.top;
      return hit.closest(OVERLAY) ? hit.closest(CONTROL)?.getBoundingClientRect().top : undefined;
    }
    // What is drawn outside of its own box stands in a closed shadow tree, and its place is unknown.
    const own = hit.getBoundingClientRect();
    if (hit.localName.includes("-") && (own.bottom < y || own.top > y)) return y - 16;
  };

  const avoid = () => {
    if (inline || chat.hidden || !chat.isConnected || (isOpen && sheet.matches)) return;
    const { left, width, height, bottom } = (isOpen ? panel : launcher).getBoundingClientRect();
    const lowest = bottom + lift;
    let next = 0;
    for (let tries = 0; tries < 24; tries++) {
      const seen = new Set();
      const tops = [];
      for (let y = Math.min(lowest - next + 8, window.innerHeight - 1); y > lowest - next - height; y -= Math.max(14, height / 20)) {
        for (let x = 0; x <= 1; x += 0.25) tops.push(edge(left + width * x, y, seen) ?? Infinity);
      }
      const top = Math.min(...tops);
      if (top === Infinity) break;
      next = Math.max(next + 8, lowest - top + 12);
    }
    const room = window.innerHeight - next > (isOpen ? 400 : height + 20);
    section.classList.toggle("away", !room && !isOpen);
    if (!room) next = 0;
    if (Math.abs(next - lift) > 3) section.style.setProperty("--lift", `${(lift = next)}px`);
  };

  // ---- The element.

  const tell = (name, detail) =>
    chat.dispatchEvent(new CustomEvent(`footnote:${name}`, { bubbles: true, composed: true, detail }));

  const api = { open: () => open(), close, ask, hide, show };

  class Chat extends HTMLElement {
    remove() {
      removed = true;
      super.remove();
    }

    // A page that keeps copies of itself has copies of this element too.
    connectedCallback() {
      if (this !== chat) super.remove();
    }

    // Sites that exchange the page under us, or a part of it, do not run the tag again.
    disconnectedCallback() {
      since = clock.now();
      if (this === chat) setTimeout(put, 30);
    }
  }

  let name = "footnote-chat";
  while (customElements.get(name)) name += "-";
  customElements.define(name, Chat);
  chat = Object.assign(new Chat(), api);
  const root = chat.attachShadow({ mode: "open" });
  const section = make("section", { "aria-label": choice("title"), lang: CLINIC.language, dir: CLINIC.dir });
  /** Add a style that a strict policy of the page has no say in; where the browser cannot, one with the page's nonce. */
  const wear = (text) => {
    try {
      const style = new CSSStyleSheet();
      style.replaceSync(text);
      root.adoptedStyleSheets = [...root.adoptedStyleSheets, style];
    } catch {
      const style = make("style", null, text);
      style.nonce = own?.nonce ?? "";
      root.append(style);
    }
  };
  wear(STYLE);
  root.append(section);
  // Shortcuts of the page are not for what is typed here, and its own windows must not fetch the focus back.
  for (const type of ["keydown", "keypress", "keyup", "focusin"]) {
    section.addEventListener(type, (event) => event.stopPropagation());
  }

  /** Put the chat where it belongs on the page as it is now, unless it is there. */
  const put = (anew) => {
    if (removed) return;
    let spot = null;
    try {
      spot = document.querySelector(targets.join());
    } catch {
      // No target, or no selector.
    }
    const place = spot ?? document.body;
    if (!place || (chat.parentNode === place && chat.isConnected && !anew)) return;
    // A page that is still being drawn, or exchanged, may get its element in a moment.
    if (targets[0] && !spot) {
      if (clock.now() - since < 2000) return;
      console.warn(`Footnote: no element matches ${targets}, so there is a button.`);
    }
    if (spot) close();
    inline = !!spot;
    chat.className = inline ? "inline" : "";
    section.classList.remove("left", "right", "inline");
    section.classList.add(inline ? "inline" : choice("position") || (CLINIC.dir === "rtl" ? "left" : "right"));
    if (inline) launcher.remove();
    else section.prepend(launcher);
    place.append(chat);
    chat.popover = inline ? null : "manual";
    if (!inline) chat.showPopover?.(); // above whatever the page piles up, where the browser can
    dress();
    if (panel) frame();
    else if (inline) build();
    if (isOpen) {
      panel.close();
      lay();
    }
    // After the page is painted, because measuring it before would hold it up.
    window.requestAnimationFrame(() => setTimeout(avoid));
  };

  /** Follow the settings of the newest tag. */
  const settle = () => {
    const target = choice("target");
    if (target && !targets.includes(target)) targets.push(target);
    put(true);
  };

  const start = () => {
    launcher = button(
      "launcher",
      open,
      icon("M6 6h5v5c0 4-1.5 6-4 7M14 6h5v5c0 4-1.5 6-4 7"),
      make("span", null, make("b", null, T.launcher), make("small", null, T.automatic)),
    );
    launcher.setAttribute("aria-haspopup", "dialog");
    launcher.setAttribute("aria-expanded", "false");
    chat.hidden = isOn("hidden");
    settle();
    if (!inline && isOn("open") && !sheet.matches && chat.isConnected && !chat.hidden) open(true);
    window.Footnote ??= api;
    tell("ready");
    setInterval(() => {
      if (document.hidden) return;
      put();
      avoid();
    }, 400);
  };

  try {
    // A length that is none is no offset, in place of a chat at the top of the page.
    window.CSS.registerProperty({ name: "--footnote-offset", syntax: "<length>", inherits: true, initialValue: "0px" });
  } catch {
    // An old browser, or done before.
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", dress);
  sheet.addEventListener("change", () => {
    if (!isOpen) return;
    const at = root.activeElement;
    panel.close();
    lay();
    at?.focus({ preventScroll: true });
  });
  for (const type of ["resize", "scroll"]) visualViewport?.addEventListener(type, () => isOpen && fit());

  if (document.body) start();
  else document.addEventListener("DOMContentLoaded", start);
})();
