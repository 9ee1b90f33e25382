'use strict';

const refreshMilliseconds = 3000;
const requestMilliseconds = 8000;
const backlogSeconds = 60;
// The browser's clock and the database's may differ by so much before an expired lease is called one.
const clockToleranceSeconds = 60;
const retriesShown = 20;

const $ = (id) => document.getElementById(id);

// Everything from the server reaches the page as text, never as markup.
function element(name, content, className) {
  const node = document.createElement(name);
  if (className) node.className = className;
  for (const part of [content ?? ''].flat()) node.append(part instanceof Node ? part : String(part));
  return node;
}

const isNumber = (value) => typeof value === 'number' && Number.isFinite(value);
const list = (value) => (Array.isArray(value) ? value : []);
const number = (value) => (isNumber(value) ? value.toLocaleString('en') : '–');
const plural = (count, one, many) => `${number(count)} ${count === 1 ? one : many}`;

function span(seconds) {
  if (!isNumber(seconds)) return '–';
  const s = Math.max(0, Math.round(seconds));
  if (s < 120) return `${s} s`;
  if (s < 7200) return `${Math.floor(s / 60)} min`;
  if (s < 172800) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400)} days`;
}

function moment(value) {
  const date = value instanceof Date ? value : new Date(value ?? NaN);
  return Number.isNaN(date.getTime()) ? '–' : date.toISOString().slice(0, 19).replace('T', ' ') + 'Z';
}

const clockTime = (date) => date.toISOString().slice(11, 19) + 'Z';

// For a POSIX shell; line breaks and other control characters become spaces.
const shellQuoted = (text) => `'${text.replace(/[\u0000-\u001f\u007f]/g, ' ').replace(/'/g, `'\\''`)}'`;

// What stands in the way, the worst first: {level, title, why, advice, commands}.
function problems(status, now) {
  const found = [];
  const check = ['trustlog config check --connect'];
  const breaker = status.circuitBreaker ?? {};
  if (breaker.state === 'open' || breaker.state === 'half-open') {
    found.push({
      level: 'bad',
      title: breaker.state === 'open' ? 'Publishing is paused' : 'Publishing was paused and is being tried again',
      why: breaker.reason,
      advice: 'Nothing is lost: what is persisted waits and goes out by itself as soon as this is over. Mend the cause:',
      commands: check,
    });
  }
  for (const item of list(status.waiting)) {
    found.push({
      level: 'bad',
      title: `Partition ${item.partition} of ${item.topic} cannot go on`,
      why: item.reason,
      advice: 'Its messages stay in the topic and are consumed from there once the cause is mended:',
      commands: check,
    });
  }
  const deadLetters = status.deadLetters ?? {};
  if (deadLetters.count > 0) {
    const reasons = list(deadLetters.reasons);
    found.push({
      level: 'bad',
      title: `${plural(deadLetters.count, 'row was', 'rows were')} given up after the last retry`,
      why: reasons.map((r) => `${number(r.count)} × ${r.reason}`).join('; '),
      advice: 'They are in the database and not in the trustlog topic. Look at them; when the cause is mended, publish them:',
      commands: ['trustlog retries list --dead'].concat(
        reasons.length === 1
          ? [`trustlog retries requeue --dead --error ${shellQuoted(String(reasons[0].reason))} --yes`]
          : ['trustlog retries requeue --dead --yes']),
    });
  }
  for (const cursor of list(status.cursors)) {
    if (cursor.kind !== 'publish') continue;
    const expired = (now - new Date(cursor.leaseUntil ?? 0)) / 1000 > clockToleranceSeconds;
    if (cursor.owner && !expired) continue;
    found.push({
      level: 'bad',
      title: `Nobody works the cursor ${cursor.key}`,
      why: cursor.owner ? `the lease of ${cursor.owner} ended at ${moment(cursor.leaseUntil)}` : 'it has no owner',
      advice: 'A running process takes it over by itself. If it stays like this: is the setting cursor.count the same everywhere?',
      commands: ['trustlog cursors list', 'trustlog config show'],
    });
  }
  const retries = status.retries ?? {};
  if (retries.pending > 0) {
    found.push({
      level: 'busy',
      title: `${plural(retries.pending, 'row', 'rows')} failed and will be tried again`,
      why: isNumber(retries.due) ? `${number(retries.due)} of them are due now` : '',
      advice: 'Nothing to do yet. What they failed with:',
      commands: ['trustlog retries list'],
    });
  }
  const oldest = status.unlogged?.oldestSeconds;
  if (found.length === 0 && status.unlogged?.count > 0 && oldest > backlogSeconds) {
    found.push({
      level: 'busy',
      title: `The oldest row that is not published yet waits since ${span(oldest)}`,
      why: 'publishing is behind: a backlog being worked off, a slow broker, or a row that was committed late',
      advice: 'If the age goes on growing, look at broker and database:',
      commands: check,
    });
  }
  return found;
}

function until(status, now) {
  const unlogged = status.unlogged;
  if (status.strategy === 'db-only') return 'Strategy db-only: operations are persisted, nothing is published.';
  if (status.strategy === 'trustlog-only') return 'Strategy trustlog-only: operations are published directly, without a database.';
  if (!unlogged || !isNumber(unlogged.count)) return 'How much waits in the database is not known at the moment.';
  const dead = status.deadLetters?.count > 0 ? ', dead letters aside,' : '';
  if (unlogged.count === 0) return `Every persisted operation${dead} is in the trustlog topic.`;
  const since = isNumber(unlogged.oldestSeconds) ? moment(new Date(now - unlogged.oldestSeconds * 1000)) : '–';
  return `All that was recorded before ${since}${dead} is in the trustlog topic; ` +
    `${plural(unlogged.count, 'row is', 'rows are')} persisted and on the way.`;
}

function showVerdict(status, now) {
  const found = problems(status, now);
  const level = found.some((p) => p.level === 'bad') ? 'bad' : found.length > 0 ? 'busy' : 'good';
  $('verdict').className = level;
  $('verdict-title').textContent =
    { good: 'Nothing is stuck', busy: 'At work, nothing for you to do', bad: 'This needs you' }[level];
  $('verdict-until').textContent = until(status, now);
  $('summary').textContent = status.summary ?? '';
  document.title = { good: '✓', busy: '…', bad: '!' }[level] + ' Trustlog';
  $('problems').hidden = found.length === 0;
  $('problem-list').replaceChildren(...found.map((problem) => {
    const lines = [element('p', problem.title, problem.level)];
    if (problem.why) lines.push(element('p', `Why: ${problem.why}`));
    lines.push(element('p', problem.advice));
    lines.push(...problem.commands.map((command) => element('p', element('code', command))));
    return element('li', lines);
  }));
}

function showFigures(status) {
  const figure = (name, value, note) => element('div', [
    element('dt', name), element('dd', note ? [value, element('small', note)] : value),
  ]);
  const lags = list(status.consumer).map((c) => c.lag).filter(isNumber);
  const unlogged = status.unlogged ?? {};
  const retries = status.retries ?? {};
  $('figures').replaceChildren(
    figure('Persisted', number(status.persisted),
      Object.entries(status.persistedByStatus ?? {}).filter(([, count]) => count > 0)
        .map(([name, count]) => `${number(count)} ${name}`).join(', ')),
    figure('Waiting to be published', number(unlogged.count),
      unlogged.count > 0 ? `the oldest since ${span(unlogged.oldestSeconds)}` : ''),
    figure('Not consumed yet', lags.length ? number(lags.reduce((a, b) => a + b, 0)) : '–', 'in all partitions'),
    figure('Retries', number(retries.pending), isNumber(retries.due) ? `${number(retries.due)} due` : ''),
    figure('Dead letters', number(status.deadLetters?.count)),
    figure('Circuit breaker', status.circuitBreaker?.state ?? '–'));
}

// columns: [heading, class, row => value]
function showTable(id, columns, rows) {
  $(`${id}-section`).hidden = rows.length === 0;
  const head = element('tr', columns.map(([heading, className]) => {
    const cell = element('th', heading, className === 'number' ? className : '');
    cell.scope = 'col';
    return cell;
  }));
  const body = rows.map((row) => element('tr', columns.map(([, className, value]) => {
    const content = value(row);
    return element('td', content === null || content === undefined || content === '' ? '–' : content, className);
  })));
  $(id).replaceChildren(element('thead', head), element('tbody', body));
}

function showTables(status, retries) {
  const waiting = new Map(list(status.waiting).map((w) => [JSON.stringify([w.topic, w.partition]), w.reason]));
  const reasonOf = (row) => waiting.get(JSON.stringify([row.topic, row.partition]));
  const known = new Set(list(status.consumer).map((c) => JSON.stringify([c.topic, c.partition])));
  const partitions = list(status.consumer).concat(
    list(status.waiting).filter((w) => !known.has(JSON.stringify([w.topic, w.partition]))));
  showTable('partitions', [
    ['Topic', 'text', (p) => p.topic], ['Partition', 'number', (p) => p.partition],
    ['Lag', 'number', (p) => number(p.lag)],
    ['Waits for', 'bad', (p) => reasonOf(p)],
  ], partitions);
  showTable('cursors', [
    ['Key', 'text', (c) => c.key], ['Kind', '', (c) => c.kind], ['Behind it: seq', 'number', (c) => number(c.sequence)],
    ['recorded at', 'time', (c) => moment(c.time)], ['Lag', 'number', (c) => span(c.lagSeconds)],
    ['Owner', 'text', (c) => c.owner], ['Lease until', 'time', (c) => moment(c.leaseUntil)],
    ['Updated', 'time', (c) => moment(c.updatedAt)],
  ], list(status.cursors));
  showTable('retries', [
    ['opId', 'text', (r) => r.opId], ['Status', '', (r) => r.status], ['Retries', 'number', (r) => number(r.retryCount)],
    ['Failing since', 'time', (r) => moment(r.firstFailedAt)], ['Next try', 'time', (r) => moment(r.nextRetryAt)],
    ['Last error', 'text', (r) => r.lastError],
  ], list(retries));
  showTable('dead-letters', [
    ['Reason', 'text', (d) => d.reason], ['Rows', 'number', (d) => number(d.count)],
  ], list(status.deadLetters?.reasons));
  $('last-error-section').hidden = !status.lastError?.message;
  $('last-error').textContent = status.lastError ? `${moment(status.lastError.time)}: ${status.lastError.message}` : '';
}

async function ask(path) {
  const response = await fetch(path, { cache: 'no-store', signal: AbortSignal.timeout(requestMilliseconds) });
  const answer = await response.json().catch(() => ({ error: `status ${response.status}` }));
  if (!response.ok) throw new Error(answer.error ?? `status ${response.status}`);
  return answer;
}

let lastAnswer = null;

function showFailure(error) {
  const reason = error.name === 'TimeoutError' ? 'no answer in time'
    : error instanceof TypeError ? 'the process does not answer' : error.message;
  $('freshness').className = 'stale';
  $('freshness').textContent = lastAnswer ? `${reason}; the figures are of ${clockTime(lastAnswer)}` : reason;
  $('verdict').className = 'unknown';
  $('verdict-title').textContent = 'The status is not known';
  $('verdict-until').textContent =
    `${reason}. What is persisted stays persisted, and what was not consumed stays in the input topic. ` +
    'Does the process run? See its log, and:';
  $('summary').replaceChildren(element('code', 'trustlog status'));
  $('problems').hidden = true;
  document.title = '? Trustlog';
}

async function refresh() {
  try {
    const status = await ask('api/v1/status');
    const failing = status.retries?.pending > 0 || status.deadLetters?.count > 0;
    // The status counts even where the list cannot be read.
    const retries = failing ? await ask(`api/v1/retries?limit=${retriesShown}`).catch(() => []) : [];
    const now = new Date();
    lastAnswer = now;
    $('about').textContent = `${status.version ?? ''} · ${status.strategy ?? ''}`;
    $('freshness').className = '';
    $('freshness').textContent = `as of ${clockTime(now)}`;
    showVerdict(status, now);
    showFigures(status);
    showTables(status, retries);
  } catch (error) {
    showFailure(error);
  }
  setTimeout(refreshIfSeen, refreshMilliseconds);
}

// A page in the background asks nothing.
function refreshIfSeen() {
  if (!document.hidden) return refresh();
  document.addEventListener('visibilitychange', refreshIfSeen, { once: true });
}

$('lookup').addEventListener('submit', async (event) => {
  event.preventDefault();
  const output = $('operation');
  output.hidden = false;
  output.textContent = '…';
  try {
    const operation = await ask(`api/v1/operations/${encodeURIComponent($('op-id').value)}`);
    output.textContent = JSON.stringify(operation, null, 2);
  } catch (error) {
    output.textContent = error.message;
  }
});

refresh();
