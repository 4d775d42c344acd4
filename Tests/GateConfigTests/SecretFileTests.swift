import Foundation
import Testing

@testable import GateConfig

/// `${file:…}`: secrets in files of their own.
@Suite struct SecretFileTests {
    private static let files = SecretFiles { path throws(ConfigMessage) in
        switch path {
        case "/run/token": RegularFile(bytes: Array("t0ken\n".utf8), mode: 0o600)
        case "/run/crlf": RegularFile(bytes: Array("t0ken\r\n".utf8), mode: 0o400)
        case "/run/lines": RegularFile(bytes: Array("one\ntwo\n\n".utf8), mode: 0o600)
        case "/etc/gate/key": RegularFile(bytes: Array("beside".utf8), mode: 0o600)
        case "/home/ann/key": RegularFile(bytes: Array("at home".utf8), mode: 0o600)
        case "/run/open": RegularFile(bytes: Array("t0ken".utf8), mode: 0o640)
        case "/run/large": RegularFile(bytes: [UInt8](repeating: 0x61, count: 65_537), mode: 0o600)
        case "/run/full": RegularFile(bytes: [UInt8](repeating: 0x61, count: 65_536), mode: 0o600)
        case "/run/empty": RegularFile(bytes: [0x0A], mode: 0o600)
        case "/run/nul": RegularFile(bytes: [0x61, 0, 0x62], mode: 0o600)
        case "/run/latin": RegularFile(bytes: [0x61, 0xE9], mode: 0o600)
        case "/run/template": RegularFile(bytes: Array("${tenant.KEY}".utf8), mode: 0o600)
        case "/run/variable": RegularFile(bytes: Array("${HOME}".utf8), mode: 0o600)
        case "/run/long": RegularFile(bytes: Array(String(repeating: "k", count: 40).utf8), mode: 0o600)
        default: nil
        }
    }

    private func load(_ text: String) throws(ConfigProblems) -> LoadedConfig {
        try ConfigLoader.load(
            file: ConfigFile(path: "/etc/gate/c.toml", bytes: Array(text.utf8)), environment: testHome,
            workingDirectory: "/srv", files: Self.files)
    }

    private func problems(_ text: String) -> [String] {
        do throws(ConfigProblems) {
            _ = try load(text)
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }

    @Test func aFileStandsWhereASecretDoes() throws {
        let loaded = try load(
            """
            [[tenants]]
            name = "acme"
            allow = ["*"]
            values = { KEY = "${file:/run/token}" }

            [[agents]]
            name = "ci"
            token = "${file:/run/long}"
            allow = ["*"]

            [[backends]]
            name = "web"
            url = "https://example.com/mcp?key=${file:/run/token}"
            headers = { Authorization = "Bearer ${file:/run/token}", X-Key = "${file:key}", X-Home = "${file:~/key}" }

            [[backends]]
            name = "pipe"
            command = "x"
            env = { PEM = "${file:/run/lines}", CR = "${file:/run/crlf}", V = "${file:/run/variable}", L_KEY = "$${file:x}" }
            """)
        #expect(loaded.literalSecrets == ["backends[1].env.L_KEY"], "what is in files is not in the configuration")
        #expect(loaded.config.tenants.first?.values["KEY"]?.exposed == "t0ken")
        #expect(loaded.config.agents.first?.token?.exposed.utf8.count == 40)
        guard case .http(let endpoint)? = loaded.config.backends.first?.connection,
            case .stdio(let launch)? = loaded.config.backends.last?.connection
        else {
            Issue.record("not the backends of the file")
            return
        }
        #expect(endpoint.url.exposed == "https://example.com/mcp?key=t0ken")
        #expect(
            endpoint.headers.mapValues(\.exposed) == [
                "Authorization": "Bearer t0ken", "X-Key": "beside", "X-Home": "at home",
            ])
        #expect(
            launch.env.mapValues(\.exposed) == [
                "PEM": "one\ntwo\n", "CR": "t0ken", "V": "${HOME}", "L_KEY": "${file:x}",
            ])
        let shown = EffectiveConfig(loaded.config)
        for text in [shown.json, shown.toml] { #expect(!text.contains("t0ken") && !text.contains("beside")) }
    }

    @Test(arguments: [
        ("/run/none", "does not exist; create it with mode 600"),
        ("none", "does not exist; create it with mode 600"),
        ("/run/open", "holds a secret and can be read by other users of this machine; run: chmod 600 /run/open"),
        ("/run/large", "is larger than 64 KiB; a secret is a short text"),
        ("/run/empty", "is empty; write the secret into it"),
        ("/run/nul", "is no text: it holds a NUL byte or bytes that are no UTF-8"),
        ("/run/latin", "is no text: it holds a NUL byte or bytes that are no UTF-8"),
    ])
    func aFileThatCannotBeUsedIsAProblemWithItsPlace(path: String, what: String) {
        let full = path.hasPrefix("/") ? path : "/etc/gate/" + path
        #expect(
            problems("[[backends]]\nname = \"a\"\ncommand = \"x\"\nenv = { T = \"${file:\(path)}\" }") == [
                "/etc/gate/c.toml:4:9: backends[0].env.T: needs the file \(full), which \(what)"
            ])
    }

    @Test func aFileIsNamedWhereSecretsAreAndNowhereElse() {
        for line in [
            "args = [\"${file:/run/token}\"]", "cwd = \"${file:/run/token}\"",
            "tools = { allow = [\"${file:/run/token}\"] }",
        ] {
            let found = problems("[[backends]]\nname = \"a\"\ncommand = \"x\"\n\(line)")
            #expect(found.count == 1 && found.first?.contains("cannot hold ${file:…}, which is for secrets") == true)
        }
        #expect(problems("[server]\nhost = \"${file:/run/token}\"").count == 1)
        let header = "[[backends]]\nname = \"a\"\nurl = \"https://h/\"\nheaders = { K = \"${file:/run/lines}\" }"
        #expect(
            problems(header) == [
                "/etc/gate/c.toml:4:13: backends[0].headers.K: must not hold line breaks or other control characters"
            ])
        let url = "[[backends]]\nname = \"a\"\nurl = \"https://h/${file:/run/token}/mcp\""
        #expect(problems(url).first?.contains("would show what the file holds") == true)
        let template = "[[backends]]\nname = \"a\"\ncommand = \"x\"\nenv = { T = \"${file:/run/template}\" }"
        #expect(problems(template).first?.contains("names a file that holds ${tenant.…}") == true)
        let full = "[[backends]]\nname = \"a\"\ncommand = \"x\"\nenv = { T = \"${file:/run/full}\" }"
        #expect(problems(full) == [])
    }

    /// docs/backend-credentials.md shows configurations that are accepted.
    @Test func documentedExamplesAreAccepted() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appendingPathComponent("docs/backend-credentials.md"), encoding: .utf8)
        let examples = text.components(separatedBy: "```toml\n").dropFirst()
        #expect(examples.count >= 2)
        for example in examples {
            let toml = try #require(example.components(separatedBy: "```").first)
            let loaded = try ConfigLoader.load(
                file: ConfigFile(path: "/etc/gate/c.toml", bytes: Array(toml.utf8)),
                environment: ["HOME": "/home/ann", "TICKETS_TEAM": "red"], workingDirectory: "/srv",
                files: SecretFiles { _ in RegularFile(bytes: Array("s".utf8), mode: 0o600) })
            #expect(!loaded.config.backends.isEmpty && loaded.literalSecrets == [])
        }
    }

    /// What a request brings is taken as it is: nobody reads the gateway's files by adding a server.
    @Test func aRequestNamesNoFile() throws {
        let backend = try BackendConfig.validated(
            json: #"{"name":"a","command":"x","env":{"T":"${file:/etc/passwd}"}}"#.utf8)
        guard case .stdio(let launch) = backend.connection else { return }
        #expect(launch.env["T"]?.exposed == "${file:/etc/passwd}")
    }

    @Test func realFilesAreReadAndFIFOsAndDirectoriesAreNot() throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = directory.appendingPathComponent("secret").path
        try #require(
            FileManager.default.createFile(
                atPath: path, contents: Data("s\n".utf8), attributes: [.posixPermissions: 0o600]))
        #expect(try SecretFiles.system.secret(path) == "s")
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        #expect(throws: ConfigMessage.self) { try SecretFiles.system.secret(path) }
        let pipe = directory.appendingPathComponent("pipe").path
        #expect(mkfifo(pipe, 0o600) == 0)
        for path in [pipe, directory.path] {
            #expect(throws: ConfigMessage("needs the file \(path), which is no regular file")) {
                try SecretFiles.system.secret(path)
            }
        }
    }
}
