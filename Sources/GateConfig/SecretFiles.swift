/// What `${file:/path}` stands for: a secret in a file of its own.
package struct SecretFiles: Sendable {
    /// Largest file, in bytes: a secret is a short text.
    static let maxBytes = 65_536

    private let read: @Sendable (_ path: String) throws(ConfigMessage) -> RegularFile?

    init(_ read: @escaping @Sendable (_ path: String) throws(ConfigMessage) -> RegularFile?) { self.read = read }

    /// The files of this machine.
    package static let system = SecretFiles { path throws(ConfigMessage) in
        try RegularFile.read(path, limit: maxBytes)
    }

    /// No files at all, for configurations that come from nowhere on a disk.
    package static let none = SecretFiles { _ in nil }

    /// The content, without one line end at its end.
    ///
    /// - Parameter path: absolute.
    /// - Throws: what is wrong with the file and what to do; never what it holds.
    func secret(_ path: String) throws(ConfigMessage) -> String {
        let file: RegularFile?
        do throws(ConfigMessage) { file = try read(path) } catch {
            throw ConfigMessage("needs the file \(path), which \(error.text)")
        }
        guard let file else {
            throw ConfigMessage("needs the file \(path), which does not exist; create it with mode 600")
        }
        guard file.mode & 0o044 == 0 else {
            throw ConfigMessage(
                "needs the file \(path), which holds a secret and can be read by other users of this machine; "
                    + "run: chmod 600 \(path)")
        }
        guard file.bytes.count <= Self.maxBytes else {
            throw ConfigMessage("needs the file \(path), which is larger than 64 KiB; a secret is a short text")
        }
        var bytes = file.bytes[...]
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.count < file.bytes.count, bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard !bytes.isEmpty else {
            throw ConfigMessage("needs the file \(path), which is empty; write the secret into it")
        }
        guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            throw ConfigMessage(
                "needs the file \(path), which is no text: it holds a NUL byte or bytes that are no UTF-8")
        }
        return text
    }
}
