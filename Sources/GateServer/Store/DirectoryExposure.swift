/// What is to be done about a data directory of ours that other users of the machine can enter. A value: looking and acting are apart.
struct DirectoryExposure: Sendable {
    struct Entry: Sendable {
        var name: String
        var isOurs: Bool
    }

    enum Remedy: Equatable, Sendable {
        /// Nobody else can enter it.
        case none
        /// It is the gateway's own: it closes it itself.
        case close
        /// Somebody has to look first. What is wrong, to go behind the path.
        case refuse(String)
    }

    let path: String
    /// Permission bits, with the sticky bit.
    let mode: UInt32
    let entries: [Entry]

    /// A directory that serves others too, such as /tmp or a home directory, must not be closed because a configuration names it. One that
    /// others could write may hold what they have put there.
    var remedy: Remedy {
        guard mode & 0o077 != 0 else { return .none }
        let what = mode & 0o022 == 0 ? "read" : "written"
        if mode & 0o022 != 0, let stranger = entries.first(where: { !$0.isOurs }) {
            return .refuse(
                "can be written by other users of this machine, and \(stranger.name) in it is another user's. Remove that, then"
            )
        }
        guard mode & 0o1000 == 0, isGateways else { return .refuse("can be \(what) by other users of this machine.") }
        return .close
    }

    /// Whether the directory is nobody's but the gateway's: by its name, because a gateway has used it, or because nothing is in it.
    private var isGateways: Bool {
        let name = path.utf8.split(separator: UInt8(ascii: "/")).last.map { String(decoding: $0, as: UTF8.self) } ?? ""
        return name.contains("stonegate") || entries.isEmpty || entries.contains { $0.name == "lock" && $0.isOurs }
    }
}
