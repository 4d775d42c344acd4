import Testing

@testable import GateConfig

@Suite struct SandboxConfigTests {
    private func read(_ sandbox: String) -> Result<BackendConfig, ConfigProblems> {
        Result { () throws(ConfigProblems) in
            try BackendConfig.validated(json: #"{"name":"a","command":"/x","sandbox":\#(sandbox)}"#.utf8)
        }
    }

    @Test func absentMeansNone() throws {
        let backend = try BackendConfig.validated(json: #"{"name":"a","command":"/x"}"#.utf8)
        #expect(backend.sandbox == BackendConfig.Sandbox())
        #expect(!backend.json(secrets: .hidden).contains("sandbox"))
    }

    @Test func everyKeyIsReadAndWrittenBack() throws {
        let json =
            #"{"profile":"basic","read":["/a"],"write":["/b/c"],"connect":[443],"required":true,"memory_mb":64,"#
            + #""cpu_seconds":7,"open_files":99,"processes":5,"file_size_mb":3}"#
        let backend = try read(json).get()
        #expect(backend.sandbox.read == ["/a"] && backend.sandbox.write == ["/b/c"])
        #expect(backend.sandbox.connect == [443] && backend.sandbox.isRequired)
        #expect(backend.sandbox.memoryMB == 64 && backend.sandbox.cpuSeconds == 7)
        #expect(backend.json(secrets: .exposed).contains(#""sandbox":"# + json))
        #expect(try BackendConfig.validated(json: backend.json(secrets: .exposed).utf8) == backend)
    }

    @Test func limitsNeedNoProfile() throws {
        let backend = try read(#"{"cpu_seconds":7}"#).get()
        #expect(backend.sandbox.profile == .none && backend.sandbox.cpuSeconds == 7)
        #expect(try BackendConfig.validated(json: backend.json(secrets: .exposed).utf8) == backend)
    }

    @Test(arguments: [
        (#"{"profile":"strict"}"#, "sandbox.profile"), (#"{"read":["/a"]}"#, "sandbox.read"),
        (#"{"required":true}"#, "sandbox.required"), (#"{"profile":"basic","read":["a"]}"#, "sandbox.read[0]"),
        (#"{"profile":"basic","connect":[0]}"#, "sandbox.connect[0]"),
        (#"{"profile":"basic","connect":[65536]}"#, "sandbox.connect[0]"),
        (#"{"profile":"basic","connect":443}"#, "sandbox.connect"), (#"{"cpu_seconds":0}"#, "sandbox.cpu_seconds"),
        (#"{"colour":1}"#, "sandbox.colour"), ("true", "sandbox"),
    ])
    func mistakesAreNamed(_ json: String, _ key: String) {
        guard case .failure(let problems) = read(json) else {
            Issue.record("accepted: \(json)")
            return
        }
        #expect(problems.problems.map(\.key) == [key])
    }

    @Test func aServerOverHTTPHasNone() {
        #expect(throws: ConfigProblems.self) {
            try BackendConfig.validated(
                json: #"{"name":"a","url":"http://x/mcp","sandbox":{"profile":"basic"}}"#.utf8)
        }
    }
}
