import Testing

@testable import GateConfig

@Suite struct ExpansionTests {
    let variables = VariableExpansion(environment: ["A": "one", "B": "${A}", "EMPTY": "", "_x9": "low"])

    @Test(arguments: [
        ("plain", "plain"), ("${A}", "one"), ("x${A}y${A}", "xoney" + "one"), ("${B}", "${A}"), ("${_x9}", "low"),
        ("${NONE:-d}", "d"), ("${NONE:-}", ""), ("${EMPTY:-d}", "d"), ("${EMPTY}", ""), ("${A:-d}", "one"),
        ("$${A}", "${A}"), ("$$${A}", "$${A}"), ("$A", "$A"), ("100$", "100$"), ("$", "$"), ("a$$b", "a$$b"),
        ("${NONE:-a b:-c}", "a b:-c"), ("é${A}", "éone"),
    ])
    func expands(_ raw: String, to text: String) throws {
        #expect(try variables.expand(raw).text == text)
    }

    @Test(arguments: [
        ("${NONE}", "needs the environment variable NONE, which is not set"), ("${", "has '${' without '}'"),
        ("${}", "has a bad variable reference"), ("${A-b}", "has a bad variable reference"),
        ("${A:b}", "has a bad variable reference"), ("${9}", "has a bad variable reference"),
        ("${A B}", "has a bad variable reference"), ("${é}", "has a bad variable reference"),
    ])
    func refuses(_ raw: String, with message: String) throws {
        let error = try #require(throws: ConfigMessage.self) { try variables.expand(raw) }
        #expect(error.text.utf8.starts(with: message.utf8))
    }

    @Test func tellsWhetherAVariableWasUsed() throws {
        #expect(try variables.expand("x${A}").hasVariables)
        #expect(try !variables.expand("$${A}").hasVariables)
    }

    @Test func boundsTheResult() {
        let large = VariableExpansion(environment: ["A": String(repeating: "a", count: 100_000)])
        #expect(throws: ConfigMessage("is longer than 256 KiB after its variables are expanded")) {
            try large.expand("${A}${A}${A}")
        }
    }

    @Test func unsetVariableIsOneProblemWithItsPlace() {
        #expect(
            problems("[[backends]]\nname = \"a\"\ncommand = \"${CMD}\"\nargs = [\"${X}\"]\nenv = { T = \"${TOKEN}\" }")
                == [
                    "c.toml:3:1: backends[0].command: needs the environment variable CMD, which is not set; "
                        + "set it or write ${CMD:-default}",
                    "c.toml:4:9: backends[0].args[0]: needs the environment variable X, which is not set; "
                        + "set it or write ${X:-default}",
                    "c.toml:5:9: backends[0].env.T: needs the environment variable TOKEN, which is not set; "
                        + "set it or write ${TOKEN:-default}",
                ])
    }

    @Test func variablesStandForNumbersAndSwitchesToo() throws {
        let text = """
            [server]
            port = "${PORT:-4001}"
            unsafe_open_admin = "${OPEN:-true}"
            [[backends]]
            name = "a"
            command = "x"
            request_timeout = "${T:-250}"
            enabled = "${ON:-false}"
            """
        let config = try load(text).config
        #expect(config.server.port == 4_001)
        #expect(config.server.unsafeOpenAdmin)
        #expect(config.backends.first?.requestTimeout == .milliseconds(250))
        #expect(config.backends.first?.enabled == false)
        #expect(
            problems(text, environment: ["HOME": "/h", "PORT": "high", "ON": "perhaps"]) == [
                "c.toml:2:1: server.port: must be a whole number, not \"high\"",
                "c.toml:8:1: backends[0].enabled: must be true or false, not \"perhaps\"",
            ])
    }

    @Test(arguments: [
        ("~", "/home/ann"), ("~/", "/home/ann"), ("~/a", "/home/ann/a"), ("/a//b/./c", "/a/b/c"), ("a", "/base/a"),
        ("./a", "/base/a"), ("../a", "/base/../a"), ("/", "/"), ("a~", "/base/a~"),
    ])
    func paths(_ path: String, become expected: String) throws {
        #expect(try PathExpansion(home: "/home/ann").absolute(path, base: "/base") == expected)
    }

    @Test(arguments: [
        ("npx", "npx"), ("./x", "/base/x"), ("bin/x", "/base/bin/x"), ("~/x", "/home/ann/x"), ("/x", "/x"),
    ])
    func commands(_ command: String, become expected: String) throws {
        #expect(try PathExpansion(home: "/home/ann").command(command, base: "/base") == expected)
    }

    @Test func directories() {
        #expect(PathExpansion.directory(of: "/a/b.toml") == "/a")
        #expect(PathExpansion.directory(of: "/b.toml") == "/")
        #expect(PathExpansion.directory(of: "b.toml") == ".")
        #expect(PathExpansion.directory(of: "x/b.toml") == "x")
    }

    @Test func relativeFileMakesItsDirectoryTheBase() throws {
        let loaded = try load("[license]\nkey_file = \"k\"", path: "conf/c.toml")
        #expect(loaded.config.license.keyFile == "/srv/conf/k")
    }
}
