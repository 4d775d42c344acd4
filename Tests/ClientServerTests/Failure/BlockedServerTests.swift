import GateProtocol
import GateTestKit
import Testing

/// Servers whose sandbox cannot be had: they are held back, in words, until the operator does something.
@Suite(.serialized) struct BlockedServerTests {
    /// The scripted server in a sandbox; `READ` stands for the folders that its program needs.
    private func sandboxed(_ name: String, _ keys: String) async throws -> String {
        let program = try Products.path("fakemcp")
        let libraries = try await Program.run("/usr/bin/ldd", [program]).output.split(separator: "\n")
            .compactMap { line in line.split(separator: " ").first { $0.hasPrefix("/") } }
        let folders = Set(
            ([program] + libraries.map(String.init)).map {
                $0.split(separator: "/").dropLast().map { "/\($0)" }.joined()
            })
        let read = folders.sorted().map(Backends.quoted).joined(separator: ", ")
        return try Backends.fake(name) + "[backends.sandbox]\nprofile = \"basic\"\n"
            + keys.replacing("READ", with: read) + "\n"
    }

    @Test func aSandboxThatWouldOpenTheGatewaysDirectoryHoldsTheServerBackUntilAReload() async throws {
        let gateway = try await GatewayProcess.start()
        let good = try await sandboxed("notes", "read = [READ]")
        let bad = try await sandboxed("notes", "read = [READ, \(Backends.quoted(gateway.directory.path))]")
        let start = gateway.logged
        try gateway.replaceConfig(bad)
        let line = try await gateway.log("[notes] server is blocked", from: start)
        #expect(line.contains("in sandbox.read would open the gateway's own directory"))
        let server = try await gateway.server("notes")
        #expect(server["status"] == "blocked")
        #expect(server["next_retry_seconds"] == nil && server["restarts"] == 0)
        #expect(server["last_error"]?.stringValue?.contains("sandbox.read") == true)
        #expect(server["advice"]?.stringValue?.contains("stonegate reload") == true)
        #expect(try await gateway.json("/health")["status"] == "degraded")

        // Agents learn that it is so, and nothing of the machine. No call starts it.
        let refused = try await gateway.call("notes", "echo", ["text": "x"])
        #expect(refused.json["code"] == "BACKEND_DOWN" || refused.json["code"] == "TOOL_NOT_FOUND")
        #expect(!refused.json.text.contains(gateway.directory.path))

        // A restart tries again, and says the same.
        let again = gateway.logged
        _ = try await gateway.admin("POST", "/server/restart", json: #"{"name":"notes"}"#)
        try await gateway.log("[notes] server is blocked", from: again)
        #expect(try await gateway.server("notes")["restarts"] == 1)

        try gateway.replaceConfig(good)
        try await gateway.running(["notes"], from: again)
        #expect(try await gateway.call("notes", "echo", ["text": "x"]).text == "x")
        #expect(try await gateway.stop() == .code(0))
    }

    #if canImport(Glibc)
        /// Under a kernel without Landlock. `landlock_create_ruleset` has this number on all machines.
        @Test func withoutLandlockRequiredMeansBlockedAndOtherwiseItIsSaidEverywhere() async throws {
            let directory = try TemporaryDirectory()
            let shim = try await FaultShim(directory, prefix: "/nowhere")
            let lone = try await sandboxed("lax", "read = [READ]")
                .replacing("[backends.sandbox]", with: "isolation = \"per_agent\"\n[backends.sandbox]")
            let gateway = try await GatewayProcess.start(
                try await sandboxed("strict", "read = [READ]\nrequired = true") + lone + Backends.fake("free"),
                directory: directory, launcher: shim.launcher(missing: 444))
            try await gateway.running(["lax", "free"])
            let line = try await gateway.log("[strict] server is blocked")
            #expect(line.contains("sandbox.required is set, but the kernel can only do this: limits only"))
            // An unchanged configuration is another try, with the same end.
            let start = gateway.logged
            _ = try await gateway.reload()
            try await gateway.log("[strict] server is blocked", from: start)

            let words = "limits only: this system has no Landlock, files and network are open"
            #expect(
                try await gateway.json("/health")["sandboxes"] == ["lax": .string(words), "strict": .string(words)])
            let lax = try await gateway.server("lax")
            #expect(lax["sandbox"] == .string(words))
            #expect(lax["instances"]?.arrayValue?.isEmpty == false)
            #expect(lax["instances"]?.arrayValue?.allSatisfy { $0["sandbox"] == .string(words) } == true)
            #expect(try await gateway.server("free")["sandbox"] == nil)
            let shown = try await gateway.command(["status"]).output.split(separator: "\n")
            #expect(shown.contains { $0.hasSuffix("SANDBOX") })
            #expect(shown.contains { $0.contains("lax") && $0.contains("running") && $0.hasSuffix("limits only") })
            #expect(shown.contains { $0.contains("free") && $0.hasSuffix("-") })
            #expect(shown.contains { $0.contains("strict: It is not started") }, "\(shown)")
            let json = try JSONValue(parsing: try await gateway.command(["status", "--json"]).output)
            #expect(json["health"]?["sandboxes"]?["lax"] == .string(words))
            #expect(try await gateway.stop() == .code(0))
        }
    #endif
}
