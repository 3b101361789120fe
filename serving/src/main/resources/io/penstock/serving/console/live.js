const PERIOD_MS = 1000;
const KEPT = 120;
const WIDTH = 320;
const HEIGHT = 110;
const SVG = "http://www.w3.org/2000/svg";

/** Samples of a Prometheus text: name → list of [labels, value]. */
function parse(text) {
  const samples = new Map();
  for (const line of text.split("\n")) {
    const match = /^([a-zA-Z_:][\w:]*)(\{.*\})? (\S+)/.exec(line);
    if (match && !line.startsWith("#")) {
      const value = match[3] === "+Inf" ? Infinity : Number(match[3]);
      samples.set(match[1], [...(samples.get(match[1]) ?? []), [match[2] ?? "", value]]);
    }
  }
  return samples;
}

const sum = (samples, ...names) => {
  const found = names.find((name) => samples.has(name));
  return found ? samples.get(found).reduce((total, [, value]) => total + value, 0) : NaN;
};

/** Cumulative buckets of a histogram by upper bound. */
function buckets(samples, name) {
  const counts = new Map();
  for (const [labels, value] of samples.get(`${name}_bucket`) ?? []) {
    const bound = /le="([^"]+)"/.exec(labels)[1];
    const at = bound === "+Inf" ? Infinity : Number(bound);
    counts.set(at, (counts.get(at) ?? 0) + value);
  }
  return counts;
}

/** Quantile of what came between two scrapes, linear inside a bucket; NaN for nothing. */
function quantile(now, before, q) {
  const bounds = [...now.keys()].sort((a, b) => a - b);
  const count = (bound) => now.get(bound) - (before?.get(bound) ?? 0);
  const total = bounds.length ? count(bounds.at(-1)) : 0;
  let lower = 0;
  let below = 0;
  for (const bound of bounds) {
    const reached = count(bound);
    if (total > 0 && reached >= q * total) {
      const share = reached > below ? (q * total - below) / (reached - below) : 1;
      return bound === Infinity ? lower : lower + share * (bound - lower);
    }
    lower = bound;
    below = reached;
  }
  return NaN;
}

function format(value, unit) {
  if (!Number.isFinite(value)) {
    return "–";
  }
  const digits = value !== 0 && Math.abs(value) < 10 ? 2 : 0;
  return `${value.toLocaleString("en", { maximumFractionDigits: digits })}${unit}`;
}

/** A small plot of one or two series over the last minutes. */
class Plot {
  constructor(root, title, unit, names) {
    this.title = title;
    this.unit = unit;
    this.names = names;
    this.series = names.map(() => []);
    const figure = document.createElement("figure");
    const caption = document.createElement("figcaption");
    const label = document.createElement("span");
    label.textContent = title;
    this.output = document.createElement("output");
    caption.append(label, this.output);
    this.svg = document.createElementNS(SVG, "svg");
    this.svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    this.svg.setAttribute("preserveAspectRatio", "none");
    this.svg.setAttribute("role", "img");
    figure.append(caption, this.svg);
    root.append(figure);
  }

  add(...values) {
    values.forEach((value, i) => {
      this.series[i].push(value);
      this.series[i].splice(0, Math.max(0, this.series[i].length - KEPT));
    });
    const shown = this.names.map((name, i) => `${name} ${format(values[i], this.unit)}`.trim()).join(" · ");
    this.output.textContent = shown;
    this.svg.setAttribute("aria-label", `${this.title}: now ${shown}`);
    this.draw();
  }

  draw() {
    const finite = this.series.flat().filter(Number.isFinite);
    const most = Math.max(1e-9, ...finite);
    const nodes = [this.line("grid", [[0, HEIGHT - 1], [WIDTH, HEIGHT - 1]]), this.line("grid", [[0, 12], [WIDTH, 12]])];
    const top = document.createElementNS(SVG, "text");
    top.setAttribute("x", 2);
    top.setAttribute("y", 10);
    top.textContent = finite.length ? format(most, this.unit) : "";
    nodes.push(top);
    this.series.forEach((values, i) => {
      const points = values.map((value, x) => [WIDTH - (values.length - 1 - x) * (WIDTH / KEPT),
        HEIGHT - 1 - value / most * (HEIGHT - 14)]).filter(([, y]) => Number.isFinite(y));
      nodes.push(this.line(`series${i}`, points));
    });
    this.svg.replaceChildren(...nodes);
  }

  line(className, points) {
    const line = document.createElementNS(SVG, "polyline");
    line.setAttribute("class", className);
    line.setAttribute("fill", "none");
    line.setAttribute("stroke-width", className === "grid" ? 0.5 : 1.5);
    line.setAttribute("vector-effect", "non-scaling-stroke");
    line.setAttribute("points", points.map((point) => point.join(",")).join(" "));
    return line;
  }
}

/** What the server does now, from its metrics, while the view is shown. */
export class Live {
  constructor(root, error, headers) {
    this.error = error;
    this.headers = headers;
    const plot = (title, unit, ...names) => new Plot(root, title, unit, names);
    this.sequences = plot("Sequences", "", "running", "waiting");
    this.tokens = plot("Tokens a second", "", "written", "read");
    this.kv = plot("KV blocks in use", " %", "");
    this.slots = plot("Conv state", "", "slots", "snapshots");
    this.hits = plot("Prompts from the cache", " %", "");
    this.ttft = plot("Time to first token", " ms", "p50", "p99");
    this.itl = plot("Between tokens", " ms", "p50", "p99");
    this.preempted = plot("Sequences put off", "", "preempted", "swapped");
  }

  show(isShown) {
    clearInterval(this.timer);
    this.before = null;
    if (isShown) {
      this.sample();
      this.timer = setInterval(() => this.sample(), PERIOD_MS);
    }
  }

  async sample() {
    try {
      const response = await fetch("metrics", { headers: this.headers() });
      if (!response.ok) {
        throw new Error((await response.json()).error.message);
      }
      this.take(parse(await response.text()), performance.now());
      this.error.textContent = "";
    } catch (error) {
      this.error.textContent = `No metrics: ${error.message}`;
    }
  }

  take(samples, nowMs) {
    const now = {
      nowMs,
      written: sum(samples, "vllm:generation_tokens_total"),
      read: sum(samples, "vllm:prompt_tokens_total"),
      queries: sum(samples, "vllm:prefix_cache_queries_total", "vllm:prefix_cache_queries"),
      hits: sum(samples, "vllm:prefix_cache_hits_total", "vllm:prefix_cache_hits"),
      preemptions: sum(samples, "vllm:num_preemptions_total"),
      ttft: buckets(samples, "vllm:time_to_first_token_seconds"),
      itl: buckets(samples, "vllm:inter_token_latency_seconds"),
    };
    const before = this.before;
    this.before = now;
    this.sequences.add(sum(samples, "vllm:num_requests_running"), sum(samples, "vllm:num_requests_waiting"));
    this.kv.add(100 * sum(samples, "vllm:kv_cache_usage_perc"));
    this.slots.add(sum(samples, "penstock_conv_slots_used"), sum(samples, "penstock_snapshots_used"));
    if (before) {
      const seconds = (now.nowMs - before.nowMs) / 1000;
      this.tokens.add((now.written - before.written) / seconds, (now.read - before.read) / seconds);
      this.hits.add(100 * (now.hits - before.hits) / (now.queries - before.queries));
      this.ttft.add(1000 * quantile(now.ttft, before.ttft, 0.5), 1000 * quantile(now.ttft, before.ttft, 0.99));
      this.itl.add(1000 * quantile(now.itl, before.itl, 0.5), 1000 * quantile(now.itl, before.itl, 0.99));
      this.preempted.add(now.preemptions - before.preemptions, sum(samples, "penstock_swapped_sequences"));
    }
  }
}
