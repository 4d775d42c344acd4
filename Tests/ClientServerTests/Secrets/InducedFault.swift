import GateProtocol
import GateTestKit

/// A request that goes wrong, with a secret in it wherever its kind of fault has room for one. Names of tools, servers and calls are
/// none: answers repeat them.
struct InducedFault: Sendable {
    var name: String
    var method = "POST"
    var path: String
    var headers: [String: String] = [:]
    var body: String?
    /// Sent with the operator's token instead of the agent's.
    var isOperators = false

    static let secret = SecretRig.canary("refused")
    private static let json = ["Content-Type": "application/json", "Accept": "application/json, text/event-stream"]

    /// `POST /call` with a secret among the arguments.
    private static func call(_ server: String, _ tool: String = "echo", _ headers: [String: String] = [:]) -> Self {
        InducedFault(
            name: "call \(server)/\(tool) \(headers.keys.sorted().joined())", path: "/call",
            headers: json.merging(headers) { $1 },
            body: #"{"server":"\#(server)","tool":"\#(tool)","arguments":{"text":"\#(secret)","key":"\#(secret)"}}"#)
    }

    private static func post(
        _ name: String, _ path: String, _ body: String, _ headers: [String: String] = [:], isOperators: Bool = false
    ) -> Self {
        InducedFault(
            name: name, path: path, headers: json.merging(headers) { $1 }, body: body, isOperators: isOperators)
    }

    private static func get(_ path: String, _ headers: [String: String] = [:]) -> Self {
        InducedFault(name: "GET \(path)", method: "GET", path: path, headers: headers)
    }

    /// Servers that are down, die, stall or answer wrongly, each by its name.
    static let servers = [
        "gone", "far", "ending", "garbled", "halved", "misnumbered", "misencoded", "closing", "deaf", "denying",
        "breaking",
        "redirecting", "hangingUp",
    ]

    static let ofServers =
        servers.map { call($0, "echo", ["X-Stonegate-Timeout": "500"]) } + [
            call("fake", "hang", ["X-Stonegate-Timeout": "200"]), call("fake", "fail"), call("mortal", "crash"),
            call("nowhere"), call("fake", "nothing"),
        ]

    static let ofREST: [InducedFault] = [
        post("no JSON", "/call", #"{"server":"fake",\#(secret)"#),
        post("an array", "/call", #"["\#(secret)"]"#),
        post("no tool", "/call", #"{"arguments":{"text":"\#(secret)"}}"#),
        post("arguments that are none", "/call", #"{"server":"fake","tool":"echo","arguments":"\#(secret)"}"#),
        post("twice the same key", "/call", #"{"server":"fake","server":"\#(secret)","tool":"echo","arguments":{}}"#),
        post(
            "too deep", "/call",
            #"{"server":"fake","tool":"echo","arguments":{"a":\#(String(repeating: "[", count: 70))"\#(secret)"\#(String(repeating: "]", count: 70))}}"#
        ),
        post("too large", "/call", #"{"a":"\#(String(repeating: secret, count: 3_000))"}"#),
        call("fake", "echo", ["X-Stonegate-Timeout": secret]), call("fake", "echo", ["X-Stonegate-Timeout": "0"]),
        call("fake", "echo", ["Content-Encoding": "gzip"]),
        call("fake", "echo", ["Idempotency-Key": String(repeating: secret, count: 20)]),
        call("fake", "echo", ["Host": "\(secret).example"]),
        call("fake", "echo", ["Origin": "http://\(secret).example"]),
        call("fake", "echo", ["Sec-Fetch-Site": "cross-site"]),
        call("fake", "echo", ["Authorization": "Bearer \(secret)"]),
        call("fake", "echo", ["Authorization": "Basic \(secret)"]),
        get("/tools?token=\(secret)", ["Authorization": ""]),
        InducedFault(name: "a method that is none", method: "DELETE", path: "/tools?x=\(secret)"),
        get("/call/nothing?k=\(secret)"), get("/call/nothing/events?k=\(secret)"), get("/discover?limit=\(secret)"),
        get("/discover?query=\(String(repeating: secret, count: 300))"), get("/calls?cursor=\(secret)"),
        get("/calls?status=none&k=\(secret)"), get("/calls?limit=\(secret)"), get("/schema/fake/nothing?k=\(secret)"),
        get("/tools/nothing?k=\(secret)"), get("/nothing/here?k=\(secret)"), get("/%00?k=\(secret)"),
        get("/config?x=\(secret)"),
        get("/log?tool=\(secret)"), get("/agents?x=\(secret)"), get("/call/nothing/explain?k=\(secret)"),
        get("/events?after=\(secret)"),
        post("async, a callback with credentials", "/call/async", callback("http://u:\(secret)@127.0.0.1/x")),
        post("async, a callback to elsewhere", "/call/async", callback("https://example.com/?k=\(secret)")),
        post("async, no URL", "/call/async", callback(secret)),
        post("a server of an agent", "/server/add", #"{"name":"x","command":"/bin/sh","args":["\#(secret)"]}"#),
        post("an agent of an agent", "/agents/add", #"{"name":"\#(secret)"}"#),
    ]

    private static func callback(_ url: String) -> String {
        #"{"server":"fake","tool":"echo","arguments":{"text":"\#(secret)"},"callback_url":"\#(url)"}"#
    }

    static let ofOperators: [InducedFault] = [
        post(
            "a variable of the loader", "/server/add",
            #"{"name":"x","command":"/bin/cat","env":{"LD_PRELOAD":"\#(secret)"}}"#, isOperators: true),
        post(
            "a name that is taken", "/server/add",
            #"{"name":"fake","command":"/bin/cat","env":{"TOKEN":"\#(secret)"}}"#, isOperators: true),
        post(
            "a header that is none", "/server/add",
            #"{"name":"x","url":"http://127.0.0.1:1/","headers":{"X":"\#(secret)\r\nY: 1"}}"#, isOperators: true),
        post(
            "an address that is none", "/server/add", #"{"name":"x","url":"gopher://u:\#(secret)@host/"}"#,
            isOperators: true),
        post("an unknown server", "/server/restart", #"{"name":"nowhere","k":"\#(secret)"}"#, isOperators: true),
        post(
            "a tenant that is none", "/agents/add", #"{"name":"c","tenant":"none","k":"\#(secret)"}"#, isOperators: true
        ),
    ]

    /// - Parameter session: of the agent, with its header fields.
    static func ofMCP(_ session: [String: String]) -> [InducedFault] {
        func message(_ name: String, _ text: String, _ headers: [String: String] = [:]) -> Self {
            post("MCP, \(name)", "/mcp", text, session.merging(headers) { $1 })
        }
        func request(_ method: String, _ params: String) -> Self {
            message(method, #"{"jsonrpc":"2.0","id":1,"method":"\#(method)","params":\#(params)}"#)
        }
        let modern = ["MCP-Protocol-Version": MCPMessage.modern, "Mcp-Method": "tools/call", "Mcp-Session-Id": ""]
        return [
            message("no JSON", #"{"jsonrpc":"2.0",\#(secret)"#), message("a batch", #"[{"k":"\#(secret)"}]"#),
            message("another version", #"{"jsonrpc":"1.0","id":1,"method":"ping","params":{"k":"\#(secret)"}}"#),
            message("no session", #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#, ["Mcp-Session-Id": secret]),
            message("no revision", #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#, ["MCP-Protocol-Version": secret]),
            message("an id that is none", #"{"jsonrpc":"2.0","id":["\#(secret)"],"method":"ping"}"#),
            request("nothing/here", #"{"k":"\#(secret)"}"#),
            request("tools/call", #"{"name":"nothing","arguments":{"k":"\#(secret)"}}"#),
            request("tools/call", #"{"name":7,"arguments":{"k":"\#(secret)"}}"#),
            request(
                "tools/call",
                #"{"name":"gate_call","arguments":{"server":"gone","tool":"x","arguments":{"k":"\#(secret)"}}}"#),
            request(
                "tools/call",
                #"{"name":"gate_call","arguments":{"server":"far","tool":"x","arguments":{"k":"\#(secret)"}}}"#),
            request("tools/call", #"{"name":"gate_await","arguments":{"call_id":"nothing","k":"\#(secret)"}}"#),
            request("tools/list", #"{"cursor":"\#(secret)"}"#),
            request("prompts/get", #"{"name":"nothing","arguments":{"k":"\#(secret)"}}"#),
            request(
                "completion/complete", #"{"ref":{"type":"ref/none"},"argument":{"name":"a","value":"\#(secret)"}}"#),
            request("logging/setLevel", #"{"level":"\#(secret)"}"#), request("tasks/get", #"{"taskId":"\#(secret)"}"#),
            request("initialize", #"{"protocolVersion":7,"capabilities":{"k":"\#(secret)"}}"#),
            message("no metadata", MCPMessage.legacyCall("echo", ["text": .string(secret)]), modern),
            message(
                "another tool in its head", MCPMessage.modernCall("echo", ["text": .string(secret)]),
                modern.merging(["Mcp-Name": secret]) { $1 }),
            message("a type that is none", #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#, ["Accept": "text/\(secret)"]),
            InducedFault(
                name: "MCP, another's session", method: "DELETE", path: "/mcp",
                headers: session.merging(["Mcp-Session-Id": secret]) { $1 }),
            InducedFault(
                name: "MCP, an event that never was", method: "GET", path: "/mcp",
                headers: session.merging(["Last-Event-ID": secret, "Mcp-Session-Id": secret]) { $1 }),
        ]
    }

    /// - Parameter token: the operator's.
    func send(to gateway: GatewayProcess, token: String) async throws -> HTTPReply {
        let identity = isOperators ? ["Authorization": "Bearer \(token)"] : SecretRig.agent
        let all = identity.merging(headers) { $1 }.filter { !$0.value.isEmpty }
        return try await HTTP.send(method, port: gateway.port, path, headers: all, body: body.map { Array($0.utf8) })
    }
}
