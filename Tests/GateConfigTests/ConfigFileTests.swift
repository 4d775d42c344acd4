import Foundation
import Testing

@testable import GateConfig

@Suite struct ConfigFileTests {
    /// A directory of its own, removed at the end.
    private func inDirectory(_ body: (String) throws -> Void) throws {
        let path = NSTemporaryDirectory() + "gateconfig-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    private func write(_ text: String, to path: String, mode: Int = 0o600) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    @Test func order() {
        let environment = ["HOME": "/h", "STONEGATE_CONFIG": "~/e.toml"]
        let flag = ConfigLocator.location(flag: "~/f.toml", environment: environment)
        #expect(flag == .init(path: "/h/f.toml", isRequired: true, namedBy: "--config"))
        let variable = ConfigLocator.location(flag: nil, environment: environment)
        #expect(variable == .init(path: "/h/e.toml", isRequired: true, namedBy: "STONEGATE_CONFIG"))
        let standard = ConfigLocator.location(flag: nil, environment: ["HOME": "/h", "STONEGATE_CONFIG": ""])
        #expect(standard == .init(path: "/h/.stonegate/config.toml", isRequired: false, namedBy: "default"))
        #expect(ConfigLocator.location(flag: nil, environment: [:]) == nil)
    }

    @Test func findsReadsAndMisses() throws {
        try inDirectory { directory in
            let environment = ["HOME": directory]
            #expect(try ConfigLocator.find(flag: nil, environment: environment) == nil)
            let path = directory + "/c.toml"
            let error = #expect(throws: ConfigProblem.self) {
                try ConfigLocator.find(flag: path, environment: environment)
            }
            #expect(error?.description == "\(path): there is no such file; it was named by --config")
            try write("[server]\nport = 1", to: path)
            let file = try ConfigLocator.find(flag: path, environment: environment)
            #expect(file == ConfigFile(path: path, bytes: Array("[server]\nport = 1".utf8), mode: 0o600))
            let isDirectory = #expect(throws: ConfigProblem.self) { try ConfigFile.read(directory) }
            #expect(isDirectory?.message == "is no regular file")
            let fifo = directory + "/fifo"
            #expect(mkfifo(fifo, 0o600) == 0)
            let isFIFO = #expect(throws: ConfigProblem.self) { try ConfigFile.read(fifo) }
            #expect(isFIFO?.message == "is no regular file")
            #expect(throws: ConfigProblem.self) { try ConfigFile.read("a\0b") }
        }
    }

    @Test func readsNoMoreThanTheCap() throws {
        try inDirectory { directory in
            let path = directory + "/large.toml"
            try write(String(repeating: "#", count: 3 * TOMLReader.maxBytes), to: path)
            #expect(try ConfigFile.read(path)?.bytes.count == TOMLReader.maxBytes + 1)
        }
    }

    @Test func warnsOfSecretsThatOthersCanRead() throws {
        let literal = try load("[[backends]]\nname=\"a\"\ncommand=\"x\"\nenv={ TOKEN=\"s\", U_KEY=\"t\", TZ=\"UTC\" }")
        #expect(literal.exposureWarning(mode: 0o600) == nil)
        #expect(literal.exposureWarning(mode: nil) == nil)
        for mode in [0o640, 0o604, 0o644] as [UInt32] {
            #expect(
                literal.exposureWarning(mode: mode)
                    == "/etc/gate/config.toml holds secrets (backends[0].env.TOKEN and 1 more) and can be read by other users of "
                    + "this machine; run: chmod 600 /etc/gate/config.toml, or move them to environment variables and "
                    + "write ${NAME}, or to files and write ${file:/path}")
        }
        let variable = try load("[[backends]]\nname=\"a\"\ncommand=\"x\"\nenv={ TOKEN=\"${HOME}\", KEY=\"\" }")
        #expect(variable.exposureWarning(mode: 0o644) == nil)
        let plain = try load("[[backends]]\nname=\"a\"\ncommand=\"x\"\nenv={ TZ=\"UTC\", LOG_LEVEL=\"debug\" }")
        #expect(plain.literalSecrets.isEmpty && plain.exposureWarning(mode: 0o644) == nil)
        // Values of headers are secrets whatever their names.
        let header = try load("[[backends]]\nname=\"a\"\nurl=\"http://x/mcp\"\nheaders={ X-Team=\"blue\" }")
        #expect(header.literalSecrets == ["backends[0].headers.X-Team"])
    }

    @Test(arguments: [
        ("API_KEY", "x"), ("apiKey", "x"), ("OPENAI_APIKEY", "x"), ("GITHUB_TOKEN", "x"), ("db.password", "x"),
        ("PGPASSWORD", "x"), ("SSHPASS", "x"), ("DB_PASS", "12345"), ("MYSQL_PWD", "x"), ("PRIVATE_DATA", "x"),
        ("AUTH_HEADER", "x"), ("AWS_SECRET_ACCESS_KEY", "x"), ("ACCESS_TOKENS", "a,b"), ("CREDENTIALS", "x"),
        ("X", "Bearer abc"), ("X", "ghp_0123"), ("X", "sk-0123"), ("X", "eyJhbGciOiJub25lIn0.e30.x"),
        ("DATABASE_URL", "postgres://u:p@db/x"), ("X", "-----BEGIN RSA PRIVATE KEY-----"),
    ])
    func secretsAreKnownByNameOrForm(_ name: String, _ value: String) {
        #expect(SecretLook.isSecret(name: name, value: value))
    }

    @Test(arguments: [
        ("TZ", "UTC"), ("LANG", "C"), ("MONKEY", "x"), ("KEYBOARD", "de"), ("PASSENGERS", "3"), ("AUTHOR", "x"),
        ("COMPASS", "north"), ("PATH", "/bin"), ("TOKENIZERS_PARALLELISM", "false"), ("MAX_TOKENS", "4096"),
        ("AUTH_ENABLED", "true"), ("TOKEN", ""), ("TOKEN_FILE", "/run/secrets/token"), ("PWD", "/srv"),
        ("DATABASE_URL", "postgres://db/x"), ("URL", "https://user@host/x"), ("EYES", "eyJ"),
    ])
    func otherValuesAreNone(_ name: String, _ value: String) {
        #expect(!SecretLook.isSecret(name: name, value: value))
    }
}
