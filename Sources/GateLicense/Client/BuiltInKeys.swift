import CLicenseKeys
package import GateCrypto

/// The keys that this build trusts, from the file `Sources/CLicenseKeys/trusted-keys.txt`.
package enum BuiltInKeys {
    package static let all: [VerificationKey] = {
        let bytes = clk_trusted_keys()
        return parse(Array(UnsafeBufferPointer(start: bytes.start, count: bytes.count)))
    }()

    /// One key a line; `#` begins a remark. A line that is no key is left out: a build is checked by its tests.
    static func parse(_ text: [UInt8]) -> [VerificationKey] {
        text.split(separator: 0x0A).compactMap { line in
            let words = line.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
            guard let word = words.first, word.first != UInt8(ascii: "#") else { return nil }
            return VerificationKey(licenseText: String(decoding: word, as: UTF8.self))
        }
    }
}
