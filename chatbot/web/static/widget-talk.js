// The conversation of Footnote's chat for the clinic's own site. The window (widget.js) fetches it when a visitor first
// opens the chat, and hands its parts over on the tag.
(() => {
  "use strict";
  const STYLE = __STYLE__;
  const { document, AbortController, URL, JSON, Object, setTimeout, clearTimeout } = window;
  const window_ = document.currentScript.footnote;
  const { CLINIC, T, base, choice, make, heard, button, anchor, call, contact } = window_;
  const { trouble, searching, wear, suggest, rest, root, section, scroll, log, status, input, clearing, sheet, fetch, close, tell } = window_;
  // A window that a browser kept from before has not got these.
  const { mail = (text) => text, book = mail, emergency = () => null } = window_;
  const [beforePage, afterPage] = (T.from_page ?? "{page}").split("{page}");

  // ---- The server.

  /** A fetch that the page has not put its own in place of, where the browser lets us have one. */
  const cleanFetch = () => {
    const usual = fetch;
    if (/^function fetch\(\)/.test(Function.prototype.toString.call(usual))) return usual;
    try {
      const frame = make("iframe", { hidden: "", "aria-hidden": "true", tabindex: "-1", title: CLINIC.name });
      section.append(frame);
      return frame.contentWindow.fetch;
    } catch {
      return usual;
    }
  };

  let send;
  const post = (path, body, signal) => {
    send ??= cleanFetch();
    return send(`${base}api/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body,
      signal,
      credentials: "omit",
      referrerPolicy: "no-referrer",
      cache: "no-store",
    });
  };

  /** Ask a question, of all pages or of the one that was chosen for the last question. */
  const request = async (question, page, signal) => {
    // Strings one by one: an old library may have taught arrays to encode themselves otherwise.
    const history = turns.slice(-10, page ? -1 : turns.length).map((turn) => JSON.stringify(turn.question));
    const reply = await post(
      "ask",
      `{"question":${JSON.stringify(question)},"history":[${history.join()}]${page ? `,"document":${JSON.stringify(page)}` : ""}}`,
      signal,
    );
    const told = JSON.parse(await reply.text());
    if (reply.ok) return told;
    throw /long|about:blank/.test(told.type) && /4(13|22)/.test(reply.status) ? T.too_long : reply.status === 429 && T.busy;
  };

  // ---- What is said.

  /** A line with its ways to reach the clinic as links; what is an address and nothing else is one too. */
  const linked = (line) => {
    const { phone, email, booking } = CLINIC.contact;
    if (/^https:\/\/\S+$/.test(line) && line !== booking) return [anchor(line, true, line)];
    return line.split(" · ").flatMap((part, at) => [
      at ? " ·\u00a0" : "",
      ...(part && part === email
        ? [mail(part)]
        : part && part === booking
          ? [book(part)]
          : phone && `${part} `.startsWith(`${phone} `) // the opening hours may follow
            ? [call(phone), part.slice(phone.length)]
            : [part]),
    ]);
  };

  /** A text's paragraphs, with links to the clinic in them. */
  const lines = (text) =>
    text.split("\n").map((line) => {
      const said = CLINIC.said[line.trim()] ?? line.trim();
      const help = emergency();
      return said && (said === help?.textContent ? help : make("p", { dir: "auto" }, ...linked(said)));
    });

  /** The address that a citation opens, unless following it would run something. */
  const address = (link) => {
    try {
      const url = new URL(link.replace(/^\/(?!\/)/, ""), base);
      return /^https?:$/.test(url.protocol) ? url.href : null;
    } catch {
      return null;
    }
  };

  /** A part of a text, with what is marked in it. */
  const marked = (text, marks, from, to) => {
    const parts = [];
    let done = from;
    for (const [start, end] of marks) {
      const first = Math.max(done, start);
      const last = Math.min(to, end);
      if (first >= last) continue;
      parts.push(text.slice(done, first), make("mark", null, text.slice(first, last)));
      done = last;
    }
    return [...parts, text.slice(done, to)];
  };

  const LIST_MARK = /^\s*([-*+•‣▪●–—]|\(?\d{1,3}[.)]|\(?[a-z]\))(\s+|$)/i;

  /** A text of the same length with a space for each line end that only wraps a paragraph. */
  const unwrapped = (text) =>
    text.replace(/([^\n]+)\n(?=([^\n]+))/g, (all, line, next) =>
      !LIST_MARK.test(`${next} `) &&
      !/ \| /.test(line + next) &&
      !/^\s*q(uestion)?\s*\d*[.:]/i.test(next) &&
      !(/[?？؟]\s*$/.test(line) && /^\s*\S{1,10}?\s?\d*[.:：]\s/.test(next)) &&
      (line.length > 49 || /^\s*\p{Ll}/u.test(next))
        ? `${line} `
        : all,
    );

  /** A passage's words with its tables, lists and marks; the server counts in code points. */
  const shown = (cited) => {
    const text = unwrapped(cited.text);
    const points = [...text];
    const place = (point) => points.slice(0, point).join("").length;
    const marks = cited.highlights.map((mark) => mark.map(place));
    const said = (from, to) => marked(text, marks, from, to);
    const outer = [];
    const around = [];
    for (const { kind, start, end } of cited.blocks ?? []) {
      const block = { kind, start: place(start), end: place(end), inside: [] };
      while (around[0] && around[0].end <= block.start) around.shift();
      (around[0]?.inside ?? outer).push(block);
      around.unshift(block);
    }
    if (!outer[0]) return said(0, text.length);

    const pieces = (from, to) =>
      [...text.slice(from, to).matchAll(/\S[^]*?(?=[^\S\n]*\n[^\S\n]*\n|\s*$)/g)]
        .filter(([words]) => words.replace(LIST_MARK, ""))
        .map((match) => said(from + match.index, from + match.index + match[0].length));
    const row = ({ start, end }, scope) => {
      const cells = [];
      let from = start;
      for (const bar of text.slice(start, end).matchAll(/^\| | \| (?=\| )| \| | \|$/g)) {
        cells.push([from, start + bar.index]);
        from = start + bar.index + bar[0].length;
      }
      const cell = ([left, right], at) =>
        right > left && (scope === "col" || !at)
          ? make("th", { scope }, ...said(left, right))
          : make("td", null, ...said(left, right));
      return make("tr", null, ...[...cells, [from, end]].map(cell));
    };
    const table = ({ inside }) => {
      const names = inside.filter(({ kind }) => kind === "header").map((each) => row(each, "col"));
      if (!names[0] && cited.header) {
        names.push(make("tr", null, ...cited.header.text.split(" | ").map((name) => make("th", { scope: "col" }, name))));
      }
      const rows = inside.filter(({ kind }) => kind === "row").map((each) => row(each, "row"));
      const head = names[0] && make("thead", null, ...names);
      // It may be wider than the window, and scrolls by itself.
      return make("div", { class: "table", tabindex: "0" }, make("table", null, head, make("tbody", null, ...rows)));
    };
    const item = ({ start, end, inside }) => {
      const number = /^\s*\(?(\d{1,3})[.)]/.exec(text.slice(text.lastIndexOf("\n", start - 1) + 1))?.[1];
      const content = mixed(start + (LIST_MARK.exec(text.slice(start, end))?.[0].length ?? 0), end, inside, (words) => words);
      return [number, make("li", number ? { value: number } : null, ...content)];
    };
    const list = ({ inside }) => {
      const items = inside.filter(({ kind }) => kind === "item").map(item);
      return make(items.some(([number]) => number) ? "ol" : "ul", null, ...items.map(([, each]) => each));
    };
    const mixed = (from, to, blocks, wrap) => {
      const parts = [];
      for (const block of blocks) {
        if (block.kind !== "table" && block.kind !== "list") continue;
        parts.push(...pieces(from, block.start).flatMap(wrap), block.kind === "table" ? table(block) : list(block));
        from = block.end;
      }
      return [...parts, ...pieces(from, to).flatMap(wrap)];
    };
    return mixed(0, text.length, outer, (words) => make("p", null, ...words));
  };

  const lang = CLINIC.own; // whatever language the window speaks, the pages are in the clinic's

  /** The marked sentences, to stand before the passage; nothing where it begins with them or has none. */
  const lead = ({ text, highlights }) => {
    const points = [...text];
    const before = highlights[0] && points.slice(0, highlights[0][0]).join("");
    // A list mark, or a label such as "Q:", may stand before them.
    if (!highlights[0] || /^[^\p{L}\p{N}]*([\p{L}\p{N}]{1,10}\s?\d{0,3}[.:)：][^\p{L}\p{N}]*)?$/u.test(before)) return null;
    const said = highlights.map(([start, end]) => plain(points.slice(start, end).join("")));
    // The row of a table is nothing without its columns.
    return !/ \| /.test(said) && make("p", { class: "lead", lang, dir: "auto" }, said.join(" … "));
  };

  /** A passage with its heading and the link to its page, perhaps after the sentences that answer. */
  const quote = (cited, sentence) => {
    const about = cited.headings.at(-1);
    const newTab = choice("links") !== "same tab";
    const opened = (link) => {
      if (!newTab) {
        link.target = "_top";
        link.addEventListener("click", () => sheet.matches && close());
      }
      return link;
    };
    const opens = () => heard(` (${T.opens}${newTab ? `, ${T.new_tab}` : ""})`);
    const link = anchor(
      address(cited.link),
      newTab,
      make("span", { class: "number" }, heard(T.source), `${cited.number}`),
      make("span", null, beforePage, place([cited.page ?? cited.title, ...cited.headings.slice(0, -1)]), afterPage),
      opens(),
    );
    const elsewhere = (cited.also_at ?? []).map(({ link: other, title }) =>
      make("li", null, opened(anchor(address(other), newTab, place([title]), opens()))),
    );
    const also = elsewhere[0] && make("details", null, make("summary", null, T.also_at), make("ul", null, ...elsewhere));
    return make(
      "figure",
      null,
      sentence,
      about && make("p", { class: "about", lang, dir: "auto" }, about),
      make("blockquote", { lang, dir: "auto" }, ...shown(cited)),
      make("figcaption", null, opened(link), also),
    );
  };

  const place = (names) => make("span", { class: "where", lang, dir: "auto" }, names.join(" › "));

  /** A passage that opens under its place on the page. */
  const folded = (cited) =>
    make("details", null, make("summary", null, place([cited.page ?? cited.title, ...cited.headings])), quote(cited));

  /** The passages; what is not marked is folded, except the first where neither contact nor choices go before it. */
  const quotes = ({ outcome, citations, contact_first, choices }) => {
    const first = !contact_first && !choices?.[0] && citations[0];
    return citations.map((cited) =>
      cited.highlights[0] || cited === first ? quote(cited, outcome === "answered" && lead(cited)) : folded(cited),
    );
  };

  /** Buttons for the pages of which the visitor may mean one. */
  const chooser = (question, choices) =>
    make(
      "div",
      { class: "choices", role: "group", "aria-label": T.which },
      ...choices.map(({ title, document: page }) =>
        button("offer", () => ask(question, title, page), make("span", { lang, dir: "auto" }, title)),
      ),
    );

  const feedback = (id) => {
    const tell = (helpful, comment) =>
      post("feedback", JSON.stringify({ answer_id: id, helpful, comment })).catch(() => {});
    const box = make("div", { class: "feedback", tabindex: "-1" });
    const judge = (helpful) => () => {
      tell(helpful);
      const word = make("input", { type: "text", maxlength: "500", "aria-label": `${T.comment} ${T.comment_hint}` });
      const form = make(
        "form",
        {
          submit: (event) => {
            event.preventDefault();
            const comment = word.value.trim();
            if (comment) tell(helpful, comment);
            box.replaceChildren(make("p", null, T.thanks));
            box.focus({ preventScroll: true });
          },
        },
        make("p", { "aria-hidden": "true" }, T.comment, make("small", null, T.comment_hint)),
        make("div", { class: "word" }, word, make("button", { class: "plain" }, T.send_comment)),
      );
      box.replaceChildren(make("p", null, T.thanks), form);
      box.focus({ preventScroll: true });
      box.scrollIntoView({ block: "nearest" });
    };
    const judged = (helpful, name) => button("plain", judge(helpful), heard(T.helpful), name);
    box.append(make("p", null, T.helpful), judged(true, T.yes), judged(false, T.no));
    return box;
  };

  const short = (text) => (text.length > 300 ? `${text.slice(0, 300).trimEnd()} …` : text);
  const plain = (text) => text.normalize("NFKC").replace(/\s+/g, " ").trim();

  /** An urgent answer, in the visitor's language: the number to call first, and no other link beside it. */
  const alarmed = ({ level, message, urgent }) => {
    const { heading, call: said, phone, dismiss, language: lang, dir } = urgent;
    return make(
      "div",
      { class: `answer urgent ${level}`, lang, dir },
      make(
        "div",
        { class: "message" },
        phone && make("p", { class: "phone" }, call(phone, said)),
        make("p", { class: "alarm" }, heading),
        ...message.split("\n").map((line) => make("p", null, line)),
      ),
      button("plain dismiss", () => ask(dismiss), dismiss),
    );
  };

  /** Whether a text names a number, and not only as a part of another one. */
  const names = (text, number) =>
    number && text.split(number).some((part, at, all) => at && !/\d$/.test(all[at - 1]) && !/^\d/.test(part));

  /** The line of contact that ends an answer, and help in an emergency unless the message names the number. */
  const reach = (message, line) => {
    const help = !names(message, CLINIC.emergency) && emergency();
    return (line || help) && make("div", { class: "reach" }, line && make("p", { dir: "auto" }, ...linked(line)), help);
  };

  const answered = ({ question, answer }) => {
    const { outcome, citations, corrected, contact: way, contact_first: last } = answer;
    const choices = answer.choices?.[0] && chooser(question, answer.choices);
    if (outcome === "urgent") return alarmed(answer);
    // The message ends with the line of contact, which has its own place here.
    const message = way && answer.message.endsWith(way) ? answer.message.slice(0, -way.length).trim() : answer.message;
    // An answer's last line announces what says itself where it comes from.
    const above = outcome === "answered" ? message.split("\n").slice(0, -1).join("\n") : message;
    const ways = (way || (outcome !== "answered" && !choices)) && reach(message, way);
    const passages = quotes(answer);
    return make(
      "div",
      { class: `answer ${outcome}` },
      heard(T.reply),
      corrected &&
        make("p", { class: "understood" }, `${T.understood} `, make("span", { dir: "auto" }, short(corrected))),
      above && make("div", { class: "message" }, ...lines(above)),
      choices,
      ...(last ? [ways, passages[0] && make("p", { class: "closest" }, T.closest), ...passages] : [...passages, ways]),
      outcome !== "reply" && !choices && feedback(answer.answer_id),
    );
  };

  // ---- The conversation. It lives here, and in the tab's session storage if the clinic has switched that on.

  let turns = [];
  let asking;
  const key = `footnote ${base}`;

  const keep = (change) => {
    try {
      if (CLINIC.session_storage) return change(window.sessionStorage);
    } catch {
      // A browser may forbid storage; then the conversation lasts as long as the page.
    }
  };

  /** Bring a turn's question to the top, so that its answer is read from its beginning. */
  const show = (turn) => {
    scroll.scrollTop = turn.offsetTop - scroll.offsetTop - 8;
  };

  const add = (question) => {
    // Not said aloud again: the visitor has just typed it, and waits for the answer.
    const said = make("p", { class: "said", "aria-live": "off" }, heard(T.said), make("span", { dir: "auto" }, question));
    const turn = make("div", { class: "turn" }, said);
    log.append(turn);
    clearing.hidden = false;
    return turn;
  };

  const fail = (turn, question, title, page, why) => {
    turn.classList.add("failed");
    input.value ||= question;
    const again = () => ask(question, title, page);
    const said = why ? [...lines(why), why !== T.too_long && button("plain", again, T.again)] : trouble(again);
    turn.append(make("div", { class: "answer" }, ...said));
  };

  /** Ask a question, or the last one of a page that was chosen by its title. */
  const ask = async (question, title, page) => {
    if (asking) return;
    const words = title ? `${question} – ${title}` : question;
    const inside = root.activeElement; // before the button that was pressed goes away
    const run = (asking = new AbortController());
    log.querySelector(".failed")?.remove();
    suggest("", []);
    if (input.value.trim() === question) input.value = "";
    const turn = add(words);
    show(turn);
    searching();
    const late = setTimeout(() => status.replaceChildren(...lines(T.slow), contact() ?? ""), 8000);
    const never = setTimeout(() => run.abort(), 30000);
    // On a phone the keyboard would hide the answer; elsewhere the next question can be typed at once.
    if (inside) rest();
    let answer, said, why;
    try {
      answer = await request(question, page, run.signal);
      said = answered({ question, answer });
    } catch (error) {
      why = typeof error === "string" ? error : "";
    }
    clearTimeout(late);
    clearTimeout(never);
    if (asking !== run) return; // the conversation was cleared meanwhile
    asking = null;
    status.replaceChildren();
    if (said) {
      turns.push({ question: words, answer });
      keep((storage) => storage.setItem(key, JSON.stringify(turns.slice(-30))));
      turn.append(said);
      suggest(T.suggestions, answer.suggestions);
      tell("answer", { outcome: answer.outcome });
    } else {
      fail(turn, question, title, page, why);
    }
    show(turn);
  };

  const clear = () => {
    asking?.abort();
    asking = null;
    turns = [];
    keep((storage) => storage.removeItem(key));
    log.replaceChildren();
    status.replaceChildren();
    clearing.hidden = true;
    suggest(T.starters, CLINIC.starters);
    rest();
  };

  wear(STYLE);
  try {
    turns = JSON.parse(keep((storage) => storage.getItem(key))) ?? [];
    for (const turn of turns) add(turn.question).append(answered(turn));
    if (turns[0]) suggest(T.suggestions, turns.at(-1).answer.suggestions);
  } catch {
    turns = [];
    log.replaceChildren();
  }
  window_.talk = { ask, clear };
})();
