import Foundation
import GateProtocol
import GateTestKit
import Testing

/// S-18: the status page's real script, run over a document that notes every way in which text could become markup.
@Suite(.serialized) struct StatusPageTests {
    static let node = "/usr/bin/node"

    /// What has turned text into code on other pages.
    private static let payloads: [String] = {
        let marks = [
            "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>",
            "<svg/onload=alert`1`>",
            "<iframe srcdoc='<script>alert(1)</script>'>", "<a href=javascript:alert(1)>x</a>",
            "<math><mtext></mtext></math>",
            "<details open ontoggle=alert(1)>", "<body onload=alert(1)>", "<input autofocus onfocus=alert(1)>",
            "<object data=javascript:alert(1)>", "<base href=//evil.example/>", "<meta http-equiv=refresh content=0>",
            "<style>@import '//evil.example'</style>", "<template><script>alert(1)</script></template>",
            "\"><script>alert(1)</script>", "'><img src=x onerror=alert(1)>",
            "</td></tr></table><script>alert(1)</script>",
            "</textarea><script>alert(1)</script>", "javascript:alert(1)", "data:text/html,<script>alert(1)</script>",
            "${alert(1)}", "{{constructor.constructor('alert(1)')()}}", "__proto__", "constructor", "\u{202E}txet",
            "\u{0}<script>", "<scr\u{0}ipt>alert(1)</scr\u{0}ipt>", "&lt;script&gt;alert(1)&lt;/script&gt;",
            "%3Cscript%3E",
        ]
        let frames = ["%", "x\" onmouseover=\"%", "' style='%", "<!--%-->", "]]>%", "\u{2028}%", "%\u{FEFF}"]
        return marks.flatMap { mark in frames.map { $0.replacing("%", with: mark) } }
    }()

    /// A document of which only what the page needs is there. Whatever else is set or called ends the program.
    private static let document = """
        const sinks = { shown: new Set(), created: new Set(), classes: new Set() };
        function element(tag) {
          const own = { tag, children: [], hidden: false, value: '', textContent: '', title: '', className: '' };
          const safe = new Set(['textContent', 'title', 'hidden', 'value', 'className']);
          const calls = {
            append: (...nodes) => { for (const node of nodes) if (typeof node === 'string') sinks.shown.add(node); },
            replaceChildren: (...nodes) => { for (const node of nodes) if (typeof node === 'string') sinks.shown.add(node); },
            addEventListener: () => {},
          };
          return new Proxy(own, {
            get(target, key) {
              if (key in calls) return calls[key];
              if (safe.has(key)) return target[key];
              throw new Error('read of ' + String(key));
            },
            set(target, key, value) {
              if (!safe.has(key)) throw new Error('set of ' + String(key));
              if (key === 'className') sinks.classes.add(value); else if (typeof value === 'string') sinks.shown.add(value);
              target[key] = value;
              return true;
            },
          });
        }
        const known = {};
        globalThis.location = { origin: 'http://127.0.0.1:3393' };
        globalThis.document = new Proxy({
          getElementById: (id) => known[id] ??= element('#' + id),
          createElement: (tag) => { sinks.created.add(tag); return element(tag); },
        }, { get(target, key) { if (key in target) return target[key]; throw new Error('document.' + String(key)); } });
        for (const name of ['eval', 'Function', 'localStorage', 'sessionStorage']) {
          Object.defineProperty(globalThis, name, { get() { throw new Error(name); }, configurable: true });
        }
        """

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: node)))
    func nothingThatServersSayBecomesMarkup() async throws {
        let gateway = try await GatewayProcess.start()
        for path in ["/ui", "/ui/app.js", "/ui/style.css"] {
            let policy = try await gateway.get(path)["Content-Security-Policy"] ?? ""
            #expect(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "\(path)")
            #expect(!policy.contains("unsafe-inline") && !policy.contains("unsafe-eval"))
        }
        let page = try await gateway.get("/ui").text
        #expect(!page.contains("<script>") && !page.contains("onclick") && !page.contains("style="))
        let script = try await gateway.get("/ui/app.js").text
        #expect(try await gateway.stop() == .code(0))

        let servers = Self.payloads.map { payload -> JSONValue in
            let text = JSONValue.string(payload)
            return [
                "name": text, "status": text, "transport": text, "protocol": text, "circuit": text, "tool_count": 1,
                "total_calls": 1, "error_rate": 0.5, "advice": text, "last_error": text, "reason": text,
                "memory_bytes": 1, "processes": 1, "cpu_seconds": 1,
            ]
        }
        let health: JSONValue = [
            "status": "ok", "version": .string(Self.payloads[0]), "uptime_seconds": 1, "backends_total": 0,
            "backends_healthy": 0, "warnings": .array(Self.payloads.map(JSONValue.string)),
        ]
        let directory = try TemporaryDirectory()
        let data: JSONValue = ["health": health, "servers": .array(servers)]
        try directory.write(data.text, to: "data.json")
        let program = try directory.write(
            """
            \(Self.document)
            const data = JSON.parse(require('fs').readFileSync(\(JSONValue.string(directory.file("data.json")).text)));
            globalThis.fetch = async (path) => ({ ok: true, status: 200,
              json: async () => path === '/health' ? data.health : { servers: data.servers } });
            globalThis.setTimeout = () => {
              console.log(JSON.stringify({ shown: [...sinks.shown], created: [...sinks.created] }));
              process.exit(0);
            };
            \(script)
            """, to: "page.js")
        let run = try await Program.run(Self.node, [program])
        #expect(run.exit == .code(0), "\(run.errors)")
        let seen = try JSONValue(parsing: run.output)
        #expect(Set(seen.texts("created")) == ["tr", "td"])
        let shown = Set(seen.texts("shown"))
        for payload in Self.payloads { #expect(shown.contains(payload), "\(payload) is shown as what it is") }
        #expect(Self.payloads.count >= 200)
    }
}
