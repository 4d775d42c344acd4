import Testing

@testable import GateBackend

@Suite struct ChildEnvironmentTests {
    private let inherited = [
        "PATH": "/bin", "HOME": "/root", "USER": "u", "LANG": "C", "LC_ALL": "C", "LC_TIME": "C", "TZ": "UTC",
        "TMPDIR": "/tmp", "SECRET_TOKEN": "x", "LD_PRELOAD": "evil", "AWS_SECRET": "x", "LC": "no", "EXTRA": "e",
    ]

    private func text(_ pairs: [(name: String, value: String)]) -> [String] { pairs.map { "\($0.name)=\($0.value)" } }

    @Test func passesTheAllowListAndConfiguredPairsOnly() throws {
        let built = try ChildEnvironment.build(
            inherited: inherited, passing: ["EXTRA"],
            configured: [("TOKEN", "t"), ("PATH", "/own"), ("TOKEN", "last"), ("EMPTY", "")], trust: .config)
        #expect(
            text(built) == [
                "EXTRA=e", "HOME=/root", "LANG=C", "LC_ALL=C", "LC_TIME=C", "TMPDIR=/tmp", "TZ=UTC", "USER=u",
                "PATH=/own", "TOKEN=last", "EMPTY=",
            ])
    }

    @Test(arguments: [
        "LD_PRELOAD", "LD_LIBRARY_PATH", "DYLD_INSERT_LIBRARIES", "BASH_ENV", "ENV", "NODE_OPTIONS", "PYTHONPATH",
        "PYTHONSTARTUP", "PERL5OPT", "RUBYOPT", "GIT_SSH_COMMAND", "IFS", "PATH", "BASH_FUNC_ls%%",
        "npm_config_script_shell",
    ])
    func deniesAtRunTime(_ name: String) throws {
        let refusal = #expect(throws: EnvironmentRefusal.self) {
            try ChildEnvironment.build(inherited: [:], configured: [("OK", ""), (name, "x")], trust: .runtime)
        }
        #expect(refusal?.name == name)
        #expect(refusal?.message.contains(name) == true)
        let allowed = try ChildEnvironment.build(
            inherited: [:], configured: [(name, "x")], trust: .runtime, unsafeEnv: true)
        #expect(text(allowed) == ["\(name)=x"])
        #expect(
            try text(ChildEnvironment.build(inherited: [:], configured: [(name, "x")], trust: .config)) == ["\(name)=x"]
        )
    }

    @Test(arguments: [("", "x"), ("A=B", "x"), ("A\0", "x"), ("A", "x\0y")])
    func refusesMalformedPairs(_ name: String, _ value: String) {
        for trust in [ChildEnvironment.Trust.config, .runtime] {
            let refusal = #expect(throws: EnvironmentRefusal.self) {
                try ChildEnvironment.build(inherited: [:], configured: [(name, value)], trust: trust, unsafeEnv: true)
            }
            #expect(refusal?.name == name)
        }
    }

    @Test func harmlessNamesPassAtRunTime() throws {
        let names = ["API_KEY", "LDAP_HOST", "GITHUB_TOKEN", "MY_PATH", "path", "NODE_ENV", "PGHOST"]
        let built = try ChildEnvironment.build(inherited: [:], configured: names.map { ($0, "v") }, trust: .runtime)
        #expect(built.map(\.name) == names)
    }
}
