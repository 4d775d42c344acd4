import GateServer

/// What `serve` says once it answers: where it is, and lines that work when they are pasted.
enum Banner {
    static func print(_ ready: GatewayApp.Ready, configPath: String?, backends: Int, isDemo: Bool) {
        var lines = ["stonegate \(ready.version) listening on \(ready.url)", ""]
        lines.append("  MCP endpoint   \(ready.url)/mcp")
        if let url = ready.publicURL { lines.append("  from elsewhere \(url)/mcp") }
        lines.append("  status page    \(ready.url)/ui")
        lines.append("  configuration  \(configPath ?? "none")")
        lines.append("  admin token    \(ready.adminTokenPath)   (show it: stonegate token show)")
        if backends == 0 {
            lines += [
                "", "No servers yet. Add one to ~/.stonegate/config.toml:", "",
                "  [[backends]]", "  name = \"time\"", "  command = \"uvx\"", "  args = [\"mcp-server-time\"]", "",
                "or while the gateway runs:", "", "  gatecall server add time -- uvx mcp-server-time",
            ]
        }
        if isDemo {
            let gatecall = ProcessEnvironment.sibling("gatecall") ?? "gatecall"
            lines += [
                "", "Try it:", "",
                "  curl \(ready.url)/tools", "  curl -H 'Content-Type: application/json' \(ready.url)/call \\",
                "    -d '{\"server\":\"demo\",\"tool\":\"echo\",\"arguments\":{\"text\":\"hello\"}}'",
                "  \(gatecall) call demo/echo text=hello",
                "  claude mcp add --transport http stonegate \(ready.url)/mcp",
            ]
        }
        Terminal.note(lines.joined(separator: "\n") + "\n")
    }
}
