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
        let literal = try load("[[backends]]\nname=\"a\"\ncommand=\"x\"\nenv={ T=\"s\", U=\"t\" }")
        #expect(literal.exposureWarning(mode: 0o600) == nil)
        #expect(literal.exposureWarning(mode: nil) == nil)
        for mode in [0o640, 0o604, 0o644] as [UInt32] {
            #expect(
                literal.exposureWarning(mode: mode)
                    == "/etc/gate/config.toml holds secrets (backends[0].env.T and 1 more) and can be read by other users of "
                    + "this machine; run: chmod 600 /etc/gate/config.toml, or move them to environment variables and "
                    + "write ${NAME}, or to files and write ${file:/path}")
        }
        let variable = try load("[[backends]]\nname=\"a\"\ncommand=\"x\"\nenv={ T=\"${HOME}\", E=\"\" }")
        #expect(variable.exposureWarning(mode: 0o644) == nil)
    }
}
