import GateProtocol
import GateTestKit
import Testing

/// The demonstration that `make chaos` shows, for a few seconds.
extension FaultTests {
    @Test func chaosKeepsItsPromises() async throws {
        let run = try await Program.run(
            Products.path("chaos"), ["--seconds", "5", "--seed", "7", "--json"], within: .seconds(150))
        let result = try JSONValue(parsing: run.output)
        let promises = result["promises"]?.arrayValue ?? []
        // A debug build on a busy machine may be slow; nothing else may differ.
        let broken = promises.filter { $0["kept"] == false && $0["promise"]?.stringValue?.contains("delay") != true }
        FaultReport.add(
            "chaos", "5 s", "\(promises.count { $0["kept"] == true }) of \(promises.count) promises kept")
        #expect(promises.count == 8, "\(run.output) \(run.errors)")
        #expect(broken.isEmpty, "\(broken.map(\.text))")
        let injected = result["injected"]
        #expect(injected?.text.contains("SIGSTOP") == true, "\(injected?.text ?? "")")
        let help = try await Program.run(Products.path("chaos"), ["--seconds", "0"])
        #expect(help.exit != .code(0))
    }
}
