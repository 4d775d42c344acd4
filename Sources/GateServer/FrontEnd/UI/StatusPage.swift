import GateProtocol

/// The status page: what an operator wants to see at a glance, drawn from `/health` and `/server/list`.
///
/// Names, descriptions and errors come from outside, so the page is built with `textContent` alone, runs no script but its own, and
/// talks to nobody but the gateway.
struct StatusPage: Sendable {
    private static let headers = [
        (
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
                + "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
        ),
        ("Referrer-Policy", "no-referrer"), ("Cache-Control", "no-cache"),
    ]

    func page(_ request: RESTRequest) async throws(GateError) -> RESTReply {
        RESTReply(text: StatusPage.html, contentType: "text/html; charset=utf-8", headers: StatusPage.headers)
    }

    func script(_ request: RESTRequest) async throws(GateError) -> RESTReply {
        RESTReply(
            text: StatusPage.javascript, contentType: "text/javascript; charset=utf-8", headers: StatusPage.headers)
    }

    func style(_ request: RESTRequest) async throws(GateError) -> RESTReply {
        RESTReply(text: StatusPage.css, contentType: "text/css; charset=utf-8", headers: StatusPage.headers)
    }

    private static let html = """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>stonegate</title>
        <link rel="icon" href="data:,">
        <link rel="stylesheet" href="/ui/style.css">
        </head>
        <body>
        <header><h1>stonegate</h1><p id="summary" role="status">Loading…</p></header>
        <main>
        <form id="sign-in" hidden><label>This gateway needs a token. <input id="token" type="password" autocomplete="off"
        placeholder="stonegate token show"></label> <button>Show</button></form>
        <table>
        <thead><tr><th>Server</th><th>Status</th><th>Circuit</th><th class="n">Tools</th><th class="n">Calls</th>
        <th class="n">Errors</th><th class="n">Memory</th><th>What to do</th></tr></thead>
        <tbody id="servers"></tbody>
        </table>
        <p id="empty" hidden>No servers yet. Add one to the configuration, or run
        <code>gatecall server add NAME -- PROGRAM</code>.</p>
        </main>
        <footer><a href="/openapi.json">REST interface</a> · MCP endpoint <code id="endpoint"></code></footer>
        <script src="/ui/app.js"></script>
        </body>
        </html>

        """

    private static let javascript = """
        'use strict';
        const byId = (id) => document.getElementById(id);
        byId('endpoint').textContent = location.origin + '/mcp';
        // Kept as long as the page is open, and nowhere else.
        let token = '';
        let next;
        byId('sign-in').addEventListener('submit', (event) => {
          event.preventDefault();
          token = byId('token').value.trim();
          byId('token').value = '';
          clearTimeout(next);
          refresh();
        });
        function cell(row, text, kind) {
          const td = document.createElement('td');
          if (kind) td.className = kind;
          td.textContent = text;
          row.append(td);
          return td;
        }
        function time(seconds) {
          if (seconds < 60) return seconds + ' s';
          if (seconds < 3600) return Math.floor(seconds / 60) + ' min';
          if (seconds < 86400) return Math.floor(seconds / 3600) + ' h';
          return Math.floor(seconds / 86400) + ' d';
        }
        function show(health, servers) {
          const running = health.backends_total > 0 ? health.backends_healthy + ' of ' + health.backends_total
            : servers.filter((server) => server.status === 'running').length + ' of ' + servers.length;
          byId('summary').textContent = running + ' servers running · up ' +
            time(health.uptime_seconds) + ' · version ' + health.version +
            (health.warnings ? ' · ' + health.warnings.join(' · ') : '');
          const rows = servers.map((server) => {
            const row = document.createElement('tr');
            cell(row, server.name, 'name').title = server.transport + (server.protocol ? ', MCP ' + server.protocol : '');
            cell(row, server.status.replace('_', ' '), 'state ' + server.status);
            cell(row, server.circuit.replace('_', ' '), server.circuit === 'closed' ? '' : 'state backing_off');
            cell(row, server.tool_count + (server.catalog_stale ? ' (last known)' : ''), 'n');
            cell(row, server.total_calls, 'n');
            cell(row, (server.error_rate * 100).toFixed(1) + ' %', 'n');
            const used = cell(row, server.memory_bytes === undefined ? '' : Math.round(server.memory_bytes / 1048576) + ' MiB', 'n');
            if (server.processes) used.title = server.processes + ' processes, ' + server.cpu_seconds + ' s of CPU time';
            cell(row, server.advice || '', 'advice').title = server.last_error || server.reason || '';
            return row;
          });
          byId('servers').replaceChildren(...rows);
          byId('empty').hidden = servers.length > 0;
        }
        class Locked extends Error {}
        async function refresh() {
          try {
            const [health, list] = await Promise.all(['/health', '/server/list'].map(async (path) => {
              const headers = token === '' ? {} : { Authorization: 'Bearer ' + token };
              const answer = await fetch(path, { cache: 'no-store', headers });
              if (answer.status === 401) throw new Locked();
              if (!answer.ok) throw new Error(path + ': ' + answer.status);
              return answer.json();
            }));
            byId('sign-in').hidden = true;
            show(health, list.servers);
          } catch (error) {
            if (error instanceof Locked) {
              byId('summary').textContent = token === '' ? 'Locked.' : 'This token is not valid.';
              byId('servers').replaceChildren();
              byId('sign-in').hidden = false;
              token = '';
              return;
            }
            byId('summary').textContent = 'The gateway does not answer (' + error.message + '). Trying again.';
          }
          next = setTimeout(refresh, 2000);
        }
        refresh();

        """

    private static let css = """
        :root { color-scheme: light dark; --text: #1c2024; --dim: #60646c; --line: #e0e1e6; --page: #fcfcfd;
          --good: #18794e; --warn: #ad5700; --bad: #ce2c31; }
        @media (prefers-color-scheme: dark) {
          :root { --text: #edeef0; --dim: #b0b4ba; --line: #363a3f; --page: #111113; --good: #3dd68c; --warn: #ffa057; --bad: #ff9592; } }
        body { margin: 0 auto; max-width: 72rem; padding: 2rem 1.5rem; background: var(--page); color: var(--text);
          font: 15px/1.5 system-ui, sans-serif; }
        header { display: flex; align-items: baseline; gap: 1rem; flex-wrap: wrap; margin-bottom: 1.5rem; }
        h1 { font-size: 1.25rem; margin: 0; }
        #summary, footer, .advice { color: var(--dim); }
        #summary { margin: 0; }
        main { overflow-x: auto; }
        form { margin-bottom: 1.5rem; }
        input, button { font: inherit; padding: 0.25rem 0.5rem; }
        table { width: 100%; border-collapse: collapse; }
        th { text-align: left; font-weight: 500; color: var(--dim); font-size: 0.85rem; }
        th, td { padding: 0.55rem 0.75rem 0.55rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
        .n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
        .name { font-weight: 600; }
        .advice { overflow-wrap: anywhere; }
        .state { white-space: nowrap; color: var(--dim); }
        .running { color: var(--good); }
        .starting, .degraded, .backing_off, .stopping { color: var(--warn); }
        .crash_looping, .blocked { color: var(--bad); }
        footer { margin-top: 2rem; font-size: 0.9rem; }
        a { color: inherit; }

        """
}
