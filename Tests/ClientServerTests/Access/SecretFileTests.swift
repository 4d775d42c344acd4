import Foundation
import GateProtocol
import GateTestKit
import Testing

/// Secrets in files of their own, in the real gateway.
@Suite(.serialized) struct SecretFileTests {
    private func write(_ text: String, _ name: String, _ directory: TemporaryDirectory, mode: Int = 0o600) throws {
        let path = directory.file(name)
        try? FileManager.default.removeItem(atPath: path)
        let made = FileManager.default.createFile(
            atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: mode])
        if !made { throw TestKitError("\(path) cannot be written") }
    }

    private func environment(_ gateway: GatewayProcess) async throws -> [String] {
        let pid = try #require(try await gateway.server("pipe")["pid"]?.intValue)
        let run = try await Program.run("/bin/cat", ["/proc/\(pid)/environ"])
        return run.output.split(separator: "\0").map(String.init).filter { $0.hasPrefix("KEY=") }
    }

    @Test func serversGetWhatTheFilesHoldAndAReloadReadsThemAgain() async throws {
        let directory = try TemporaryDirectory()
        try write("first-secret\n", "key", directory)
        try write("Bearer header-secret\n", "header", directory)
        let server = try await FakeMCP.http(["--era", "modern", "--prefix", "web_"])
        let proxy = try ToxicProxy(to: server.httpPort)
        let gateway = try await GatewayProcess.start(
            """
            [[backends]]
            name = "web"
            url = "http://127.0.0.1:\(proxy.port)/mcp"
            headers = { Authorization = "${file:header}" }


            """
                + Backends.stdio(
                    "pipe", Products.path("fakemcp"), [], environment: ["KEY": "${file:\(directory.file("key"))}"]),
            directory: directory)
        try await gateway.running(["web", "pipe"])
        #expect(try await environment(gateway) == ["KEY=first-secret"])
        #expect(proxy.requests(containing: "Authorization: Bearer header-secret\r\n") > 0)
        for secret in ["first-secret", "header-secret"] {
            #expect(try await !gateway.admin("GET", "/config").text.contains(secret))
        }

        // What is wrong changes nothing, and is told.
        try write("second-secret\n", "key", directory, mode: 0o644)
        let refused = try await gateway.command(["reload"])
        #expect(refused.exit == .code(78))
        #expect(refused.errors.contains("run: chmod 600 \(directory.file("key"))"), "\(refused.errors)")
        #expect(try await environment(gateway) == ["KEY=first-secret"])
        try write("second-secret\n", "key", directory)
        let mark = gateway.logged
        #expect(try await gateway.command(["reload"]).exit == .code(0))
        try await gateway.log("[pipe] server is running", from: mark)
        #expect(try await environment(gateway) == ["KEY=second-secret"])
        #expect(try await gateway.stop() == .code(0))
        let log = gateway.program.errors.all.joined(separator: "\n")
        #expect(!log.contains("-secret"))
    }

    @Test func theGatewayDoesNotStartWithAFileThatOthersCanRead() async throws {
        let directory = try TemporaryDirectory()
        try write("open-secret\n", "key", directory, mode: 0o644)
        let config = try directory.write(
            "[server]\ndata_dir = \"\(directory.file("data"))\"\n\n[[backends]]\nname = \"a\"\ncommand = \"x\"\n"
                + "env = { KEY = \"${file:key}\" }\n", to: "config.toml")
        let run = try await Program.run(try Products.path("stonegate"), ["serve", "--config", config])
        #expect(run.exit == .code(78))
        #expect(run.errors.contains("config.toml:7:9: backends[0].env.KEY: needs the file \(directory.file("key"))"))
        #expect(run.errors.contains("chmod 600 \(directory.file("key"))") && !run.errors.contains("open-secret"))
    }
}
