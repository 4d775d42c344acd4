package import GateCore
package import GateProtocol

/// What the front ends ask of the license.
package protocol LicenseDesk: Sendable {
    /// The tier and its changes, for everybody.
    var view: any LicenseView { get }

    /// What the operator has to know before it bites.
    var warnings: [String] { get }

    /// How it stands, in full; for the operator.
    func status() async -> JSONValue

    /// The body of the next heartbeat, byte for byte but for the nonce, which is another one each time.
    func telemetry() async -> [UInt8]

    /// Asks the license server for an entitlement and puts it in force.
    /// - Throws: `INVALID_PARAMS` for a key that is none, `LICENSE_REFUSED`, `LICENSE_SERVER_FAILED`, `STORAGE_FAILED`. Nothing has changed then.
    func activate(key: String) async throws(GateError) -> JSONValue

    /// Ends the license here, and gives its seat back when the license server can be reached.
    func deactivate() async throws(GateError) -> JSONValue

    /// Makes the next heartbeat now.
    func refresh() async throws(GateError) -> JSONValue
}
