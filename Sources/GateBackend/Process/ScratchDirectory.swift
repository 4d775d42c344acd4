import CSpawn

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A fresh directory for one child (0700), removed with all that is in it when nobody refers to it any more.
final class ScratchDirectory: Sendable {
    let path: String

    init(in parent: String) throws(SpawnFailure) {
        guard mkdir(parent, 0o700) == 0 || errno == EEXIST else {
            throw .resources(errno, "make the directory \(parent)")
        }
        var name = Array("\(parent)/XXXXXX".utf8CString)
        let isMade = name.withUnsafeMutableBufferPointer { $0.baseAddress.map { mkdtemp($0) != nil } ?? false }
        guard isMade else { throw .resources(errno, "make a directory in \(parent)") }
        path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { Self.remove(path) }

    /// Removes a tree and follows no link out of it.
    static func remove(_ path: String) { csp_remove_tree(path) }
}
