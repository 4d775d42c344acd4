import GateProtocol
import GateTestKit
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// F-10 and kill -9 of the gateway: no process of ours survives us.
extension FaultTests {
    private func family(_ brand: Brand) throws -> [BackendText] {
        let fake = try Products.path("fakemcp")
        return [
            try BackendText(fake: "plain", brand: brand),
            try BackendText(fake: "stubborn", ["--evil", "ignore-term"], brand: brand),
            try BackendText(fake: "parent", ["--evil", "fork-grandchild"], brand: brand),
            BackendText(
                "shell", command: "/bin/sh", arguments: ["-c", "sleep 600 & '\(fake)' --name shell; wait"], brand: brand
            ),
        ]
    }

    @Test func f10GrandchildrenGoWithTheirServer() async throws {
        let brand = Brand()
        let gateway = try await Rig.start(
            backends: family(brand), running: ["plain", "stubborn", "parent", "shell"])
        let before = brand.bearers.count
        for name in ["plain", "stubborn", "parent", "shell"] {
            _ = try await gateway.admin("POST", "/server/stop", json: "{\"name\":\"\(name)\"}")
        }
        let gone = try await brand.gone(within: .seconds(12))
        let left = brand.bearers.count
        let zombies = gateway.sample.zombies
        FaultReport.add(
            "F-10", "4 servers stopped: plain, ignores SIGTERM, grandchild on its pipes, behind a shell",
            "\(before) processes before, \(left) left, \(zombies) zombies, all gone after \(gone?.brief ?? "never")")
        #expect(try #require(gone, "left: \(brand.bearers)") <= .seconds(scale.isLong ? 6 : 10))
        #expect(zombies == 0)
        #expect(try await gateway.stop() == .code(0))
    }

    @Test func v65NothingSurvivesAKilledGateway() async throws {
        let brand = Brand()
        let gateway = try await Rig.start(
            backends: family(brand), running: ["plain", "stubborn", "parent", "shell"])
        let before = brand.bearers.count
        gateway.program.signal(SIGKILL)
        let gone = try await brand.gone(within: .seconds(10))
        FaultReport.add(
            "V-65", "kill -9 of the gateway",
            "\(before) processes before, \(brand.bearers.count) orphans, all gone after \(gone?.brief ?? "never")")
        #expect(try #require(gone, "left: \(brand.bearers)") <= .seconds(scale.isLong ? 3 : 6))
    }
}
