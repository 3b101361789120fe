const $ = (id) => document.getElementById(id);
const NUMBERS = ["temperature", "top_p", "top_k", "min_p", "repetition_penalty", "max_tokens", "seed"];

/** Text nodes only: what a model writes is never markup. */
function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text ?? "";
  return made;
}

/** Server-sent events of a response, as objects; an error event throws. */
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      return;
    }
    held += value;
    for (let end = held.indexOf("\n\n"); end >= 0; end = held.indexOf("\n\n")) {
      const lines = held.slice(0, end).split("\n");
      held = held.slice(end + 2);
      const data = lines.filter((line) => line.startsWith("data: ")).map((line) => line.slice(6)).join("\n");
      if (data === "[DONE]") {
        return;
      }
      const json = JSON.parse(data);
      if (json.error) {
        throw new Error(json.error.message);
      }
      yield json;
    }
  }
}

/** One answer while it is written: thinking folded, calls shown, then the text. */
class Answer {
  constructor(log) {
    this.message = { role: "assistant", content: "" };
    this.root = element("article", "message assistant");
    this.root.append(element("div", "who", "assistant"));
    this.text = element("div", "text");
    this.root.append(this.text);
    this.calls = [];
    log.append(this.root);
  }

  /** Fields for what the called tools gave back; {@code send} takes the messages when all are filled. */
  askForResults(send) {
    const form = element("form", "results");
    form.setAttribute("aria-label", "Results of the calls");
    for (const call of this.calls) {
      const label = element("label", "", `Result of ${call.name}`);
      call.field = document.createElement("textarea");
      call.field.rows = 2;
      call.field.required = true;
      call.field.spellcheck = false;
      label.append(call.field);
      form.append(label);
    }
    const button = element("button", "", this.calls.length > 1 ? "Send results" : "Send result");
    form.append(button);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const results = this.calls.map((call) => ({ role: "tool", tool_call_id: call.id, content: call.field.value }));
      if (send(results)) {
        for (const field of form.elements) {
          field.disabled = true;
        }
        button.remove();
      }
    });
    this.root.append(form);
    this.calls[0].field.focus();
  }

  fold(summary) {
    const details = document.createElement("details");
    details.append(element("summary", "", summary));
    this.root.insertBefore(details, this.text);
    return details;
  }

  take(delta) {
    if (delta.reasoning_content) {
      if (!this.thought) {
        this.thought = element("div", "text");
        this.fold("Thinking").append(this.thought);
        this.message.reasoning_content = "";
      }
      this.thought.append(delta.reasoning_content);
      this.message.reasoning_content += delta.reasoning_content;
    }
    if (delta.content) {
      this.text.append(delta.content);
      this.message.content += delta.content;
    }
    for (const part of delta.tool_calls ?? []) {
      this.takeCall(part);
    }
  }

  takeCall(part) {
    if (part.id) {
      const details = this.fold(`Calls ${part.function.name}`);
      details.open = true;
      this.calls[part.index] = { id: part.id, name: part.function.name, json: "", shown: element("pre", "") };
      details.append(this.calls[part.index].shown);
    }
    const call = this.calls[part.index];
    call.json += part.function?.arguments ?? "";
    call.shown.textContent = call.json;
  }

  finished() {
    if (this.calls.length > 0) {
      this.message.tool_calls = this.calls.map((call) => (
        { id: call.id, type: "function", function: { name: call.name, arguments: call.json } }));
    }
    return this.message;
  }
}

/** The conversation: what was said, and the request under way. */
export class Chat {
  constructor(settings, headers) {
    this.settings = settings;
    this.headers = headers;
    this.messages = [];
    this.log = $("log");
    $("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.say();
    });
    $("prompt").addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.say();
      }
    });
    this.log.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target.form) {
        event.preventDefault();
        event.target.form.requestSubmit();
      }
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        this.running?.abort();
      }
    });
    $("stop").addEventListener("click", () => this.running?.abort());
    $("clear").addEventListener("click", () => this.clear());
    $("again").addEventListener("click", () => this.again());
  }

  clear() {
    this.running?.abort();
    this.messages = [];
    this.log.replaceChildren();
    $("again").disabled = true;
    $("timing").textContent = "";
    $("prompt").focus();
  }

  say() {
    const text = $("prompt").value;
    if (text.trim() === "" || this.running) {
      return;
    }
    $("prompt").value = "";
    this.messages.push({ role: "user", content: text });
    const shown = element("article", "message user");
    shown.append(element("div", "who", "you"), element("div", "text", text));
    this.log.append(shown);
    this.ask();
  }

  /** Goes on behind calls with what they gave back; false while an answer is under way or where one has gone on. */
  give(answer, results) {
    if (this.running || this.messages.at(-1) !== answer.message) {
      return false;
    }
    this.messages.push(...results);
    this.ask();
    return true;
  }

  /** Asks once more for the last answer, or for one that failed. */
  again() {
    if (this.running || this.messages.length === 0) {
      return;
    }
    if (this.messages.at(-1).role === "assistant") {
      this.messages.pop();
    }
    this.log.lastElementChild.remove();
    this.ask();
  }

  body() {
    const values = this.settings.elements;
    const body = {
      messages: this.messages,
      stream: true,
      stream_options: { include_usage: true },
      separate_reasoning: true,
    };
    for (const name of NUMBERS) {
      if (values[name].value !== "") {
        body[name] = Number(values[name].value);
      }
    }
    if (values.system.value.trim() !== "") {
      body.messages = [{ role: "system", content: values.system.value }, ...this.messages];
    }
    if (values.tools.value.trim() !== "") {
      body.tools = JSON.parse(values.tools.value);
    }
    return JSON.stringify(body);
  }

  async ask() {
    this.running = new AbortController();
    this.busy(true);
    const messages = this.messages;
    const answer = new Answer(this.log);
    try {
      await this.read(answer);
      messages.push(answer.finished());
      if (answer.calls.length > 0 && messages === this.messages) {
        answer.askForResults((results) => this.give(answer, results));
      }
    } catch (error) {
      if (error.name === "AbortError" && (answer.message.content || answer.message.reasoning_content)) {
        messages.push(answer.finished());
      } else if (messages === this.messages) {
        answer.root.remove();
        this.log.append(element("article", "message error",
          error.name === "AbortError" ? "stopped before the first word" : error.message));
      }
    } finally {
      this.running = null;
      this.busy(false);
    }
  }

  async read(answer) {
    const startMs = performance.now();
    let firstMs = 0;
    const response = await fetch("v1/chat/completions", {
      method: "POST",
      headers: { "content-type": "application/json", ...this.headers() },
      body: this.body(),
      signal: this.running.signal,
    });
    if (!response.ok) {
      throw new Error((await response.json()).error.message);
    }
    for await (const chunk of events(response)) {
      const delta = chunk.choices[0]?.delta;
      if (delta && (delta.content || delta.reasoning_content || delta.tool_calls)) {
        firstMs ||= performance.now() - startMs;
        const follows = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 40;
        answer.take(delta);
        if (follows) {
          this.log.scrollTop = this.log.scrollHeight;
        }
      }
      if (chunk.usage) {
        const seconds = (performance.now() - startMs) / 1000;
        const { prompt_tokens: read, completion_tokens: written, prompt_tokens_details: details } = chunk.usage;
        $("timing").textContent = `${read} tokens read (${details.cached_tokens} cached), ${written} written in `
          + `${seconds.toFixed(2)} s, first after ${firstMs.toFixed(0)} ms`;
      }
    }
  }

  busy(isBusy) {
    const isLost = [$("stop"), $("send"), $("again")].includes(document.activeElement)
      || document.activeElement === document.body;
    $("send").disabled = isBusy;
    $("stop").disabled = !isBusy;
    $("again").disabled = isBusy || this.messages.length === 0;
    if (isLost) {
      $("prompt").focus();
    }
    this.log.setAttribute("aria-busy", isBusy);
  }
}
