import GateConfig
import GateCore
import GateCurl

/// Who decides about an address and who dials it read the same one.
enum URLFuzz {
    static func check(_ input: [UInt8]) -> String? {
        guard let text = String(validating: input, as: UTF8.self), !text.utf8.contains(0),
            let decided = try? BackendURL(text)
        else { return nil }
        let authority = decided.shown.utf8.split(separator: UInt8(ascii: "/")).dropFirst().first ?? "".utf8[...]
        guard !authority.contains(UInt8(ascii: "@")), !decided.shown.utf8.contains(UInt8(ascii: "?")) else {
            return "credentials are shown"
        }
        guard let dialled = try? CurlURL(text) else { return nil }
        let host = dialled.host.lowercased().filter { $0 != "[" && $0 != "]" }
        guard host == decided.host || sameAddress(host, decided.host) else { return "another host is dialled" }
        let port = decided.port ?? (decided.isSecure ? 443 : 80)
        guard Int(dialled.port) == port else { return "another port is dialled" }
        guard (dialled.scheme == "https") == decided.isSecure else { return "another scheme is dialled" }
        return nil
    }

    /// libcurl writes IPv6 addresses anew.
    private static func sameAddress(_ one: String, _ other: String) -> Bool {
        guard let left = AddressRange.octets(one), let right = AddressRange.octets(other) else { return false }
        return left == right
    }
}
