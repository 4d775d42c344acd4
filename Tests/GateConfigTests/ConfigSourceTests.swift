import Testing

@testable import GateConfig

/// Reading the configuration of a running gateway again.
@Suite struct ConfigSourceTests {
    private func file(_ text: String) -> ConfigFile { ConfigFile(path: "/c.toml", bytes: Array(text.utf8)) }

    @Test func aFileThatIsGoneOrEmptyIsNotTaken() {
        let gone = ConfigSource.problem(of: nil, replacing: "/c.toml")
        #expect(gone?.description.hasPrefix("/c.toml: the file is gone; ") == true)
        let empty = ConfigSource.problem(of: file(""), replacing: "/c.toml")
        #expect(empty?.description.hasPrefix("/c.toml: the file is empty, ") == true)
        #expect(ConfigSource.problem(of: file("# none"), replacing: "/c.toml") == nil)
        // Who started without a file may go on without one, or get one.
        #expect(ConfigSource.problem(of: nil, replacing: nil) == nil)
        #expect(ConfigSource.problem(of: file(""), replacing: nil) == nil)
    }

    @Test func extraBackendsGiveWayToThoseOfTheFile() throws {
        let extra = BackendConfig(name: "demo", connection: .stdio(.init(command: "demo")))
        let source = ConfigSource(
            flag: nil, environment: testHome, overrides: [], workingDirectory: "/srv", extra: [extra])
        #expect(source.location?.path == "/home/ann/.stonegate/config.toml")
        #expect(try source.load(nil).config.backends == [extra])
        let named = try source.load(file("[[backends]]\nname = \"Demo\"\ncommand = \"mine\"\n"))
        #expect(named.config.backends.map(\.name) == ["Demo"])
    }

    @Test func flagsGoOnToCount() throws {
        let source = ConfigSource(
            flag: "/c.toml", environment: testHome,
            overrides: [.init(key: "server.port", value: "4000", flag: "--port")],
            workingDirectory: "/srv")
        #expect(try source.load(file("[server]\nport = 5000\n")).config.server.port == 4_000)
    }

    @Test func placesOfBackendsAreKnown() throws {
        let loaded = try load(
            "[[backends]]\nname = \"a\"\ncommand = \"x\"\n\n[[backends]]\ncommand = \"y\"\nname = \"b\"\n")
        #expect(
            loaded.backendOrigins == [
                .file(path: "/etc/gate/config.toml", line: 2, column: 1),
                .file(path: "/etc/gate/config.toml", line: 7, column: 1),
            ])
    }

    /// Commands find a running gateway although its file has been broken since.
    @Test func aBrokenFileIsReadAsFarAsItGoes() {
        let broken = file("[server]\ndata_dir = \"/data\"\nport = 99999\n\n[[backends]]\nname = 1\n")
        let config = ConfigLoader.readable(file: broken, environment: testHome, workingDirectory: "/srv")
        #expect(config.server.dataDir == "/data")
        #expect(config.server.port == 3_393)
        let none = ConfigLoader.readable(file: file("x = "), environment: testHome, workingDirectory: "/srv")
        #expect(none.server.dataDir == "/home/ann/.stonegate")
    }
}
