package import GateCrypto

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The files of an audit log: `audit-000001.ndjson`, `audit-000002.ndjson`, … and the public key `audit.pub`.
package struct AuditFolder: Sendable {
    package let path: String

    package init(_ path: String) { self.path = path }

    package func segment(_ number: Int) -> String {
        let digits = String(number)
        return "\(path)/audit-\(String(repeating: "0", count: max(0, 6 - digits.utf8.count)))\(digits).ndjson"
    }

    package var keyFile: String { path + "/audit.pub" }

    /// The numbers of the files, in their order.
    package var segments: [Int] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var found: [Int] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name.hasPrefix("audit-"), name.hasSuffix(".ndjson"), let number = Int(name.dropFirst(6).dropLast(7)),
                segment(number).hasSuffix("/" + name)
            else { continue }
            found.append(number)
        }
        return found.sorted()
    }

    /// The key that verifies the log, as its gateway wrote it; nil when there is none.
    package var key: VerificationKey? {
        AuditFolder.read(keyFile).flatMap { text in
            Hex.decode(text.prefix { $0 != 0x0A }).flatMap { VerificationKey($0) }
        }
    }

    package static func read(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var content: [UInt8] = []
        while true {
            let chunk = [UInt8](unsafeUninitializedCapacity: 1 << 20) { buffer, count in
                #if canImport(Glibc)
                    count = max(0, Glibc.read(descriptor, buffer.baseAddress, buffer.count))
                #elseif canImport(Musl)
                    count = max(0, Musl.read(descriptor, buffer.baseAddress, buffer.count))
                #else
                    count = max(0, Darwin.read(descriptor, buffer.baseAddress, buffer.count))
                #endif
            }
            if chunk.isEmpty { return content }
            content += chunk
        }
    }
}
