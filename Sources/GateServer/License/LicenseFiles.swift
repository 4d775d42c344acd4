import GateCore
import GateLicense
import GateProtocol

/// The files of the license: what is kept of it in the data directory, under a MAC, and the entitlement where the operator wants it.
struct LicenseFiles: Sendable {
    static let stateName = "license.state"
    private static let keyName = "license.key"

    /// What was found of a file.
    enum Found: Sendable, Equatable {
        case nothing
        case bytes([UInt8])
        /// It is there and cannot be used, in words.
        case unusable(String)
    }

    let directory: StateDirectory
    let entitlementPath: String
    private let mac: KeyedHash?

    /// - Parameter entitlementPath: `license.key_file`; nil for a file in the data directory.
    init(_ directory: StateDirectory, entitlementPath: String?) {
        self.directory = directory
        self.entitlementPath = entitlementPath ?? "\(directory.path)/license.json"
        mac = (try? directory.secret(LicenseFiles.keyName, bytes: KeyedHash.keyBytes)).flatMap { KeyedHash(key: $0) }
    }

    /// A line of JSON, and a line with its MAC in base64.
    func state() -> Found {
        let path = "\(directory.path)/\(LicenseFiles.stateName)"
        let found = SmallFile.read(path, most: 262_144)
        guard case .bytes(let bytes) = found else { return found }
        let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: true)
        guard lines.count == 2, let mac, let tag = Base64.decode(lines[1]),
            KeyedHash.equal(mac.tag(lines[0]), tag[...])
        else { return .unusable("\(path) is not as stonegate has written it") }
        return .bytes(Array(lines[0]))
    }

    func save(state: JSONValue) throws(GateError) {
        guard let mac else {
            throw GateError(
                .storageFailed,
                "\(directory.path)/\(LicenseFiles.keyName) could not be written, so the license cannot be kept.")
        }
        let line = state.bytes
        try directory.saveNow(
            LicenseFiles.stateName, line + [0x0A] + Array(Base64.encode(mac.tag(line)).utf8) + [0x0A])
    }

    func entitlement() -> Found { SmallFile.read(entitlementPath, most: WireLimits.bytes) }

    /// - Returns: why it could not be written.
    func save(entitlement: [UInt8]) -> String? { SmallFile.replace(entitlementPath, entitlement + [0x0A]) }

    /// - Returns: why it could not be removed; nil when it is not there either.
    func removeEntitlement() -> String? { SmallFile.remove(entitlementPath) }
}
