import GateCore
import GateProtocol

@testable import GateServer

/// A license for the front ends' tests: it says yes to everything.
struct FakeLicense: LicenseDesk {
    let current = CurrentLicense()
    var view: any LicenseView { current }
    var warnings: [String] { [] }
    func status() async -> JSONValue { ["tier": .string(current.tier.rawValue)] }
    func telemetry() async -> [UInt8] { Array(#"{"v":1}"#.utf8) }
    func activate(key: String) async throws(GateError) -> JSONValue { await status() }
    func deactivate() async throws(GateError) -> JSONValue { await status() }
    func refresh() async throws(GateError) -> JSONValue { await status() }
}
