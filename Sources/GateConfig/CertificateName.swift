/// How an agent's entry names a client certificate: a subject alternative name as it is written in it, or `sha256:` and its fingerprint.
package enum CertificateName {
    package static let fingerprintPrefix = "sha256:"
    private static let maxBytes = 1024

    /// What is wrong with such a name; nil when it is good.
    package static func problem(_ name: String) -> String? {
        guard !name.isEmpty, name.utf8.count <= maxBytes, name.utf8.allSatisfy({ (0x21..<0x7F).contains($0) }) else {
            return
                "must be a name from the certificate (DNS name, e-mail address or URI) in visible ASCII, or sha256: and its "
                + "fingerprint"
        }
        guard name.utf8.starts(with: fingerprintPrefix.utf8) else { return nil }
        let digits = name.utf8.dropFirst(fingerprintPrefix.utf8.count)
        let isFingerprint = digits.count == 64 && digits.allSatisfy { $0.isDigit || (0x61...0x66).contains($0) }
        return isFingerprint ? nil : "must have 64 hexadecimal digits, lower-case and without colons, after sha256:"
    }
}
