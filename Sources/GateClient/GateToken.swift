#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A token for the gateway's protected routes.
public struct GateToken: Sendable {
    let value: String
    /// Whether the token is the secret of this machine's own gateway, which no other machine may see.
    let isForLoopbackOnly: Bool

    /// A token that was given on purpose, for the gateway at whatever address the client has.
    ///
    /// - Parameter value: white space around it is dropped.
    public init(_ value: String) {
        self.init(value, isForLoopbackOnly: false)
    }

    private init(_ value: String, isForLoopbackOnly: Bool) {
        self.value = value.filter { !$0.isWhitespace && $0.isASCII }
        self.isForLoopbackOnly = isForLoopbackOnly
    }

    /// The admin token of this machine's gateway, as that gateway stored it. It is sent to loopback addresses only.
    ///
    /// - Parameters:
    ///   - dataDirectory: the gateway's `data_dir`; nil means `STONEGATE_SERVER_DATA_DIR`, else `~/.stonegate`.
    ///   - environment: where variables are looked up; nil means the environment of this process.
    /// - Returns: nil when there is no such file or this user may not read it.
    public static func admin(
        dataDirectory: String? = nil, environment: [String: String]? = nil
    ) -> GateToken? {
        guard let path = adminTokenPath(dataDirectory: dataDirectory, environment: environment) else { return nil }
        return file(path).map { GateToken($0.value, isForLoopbackOnly: true) }
    }

    /// A token in a file of its own, for the gateway at whatever address the client has.
    ///
    /// - Returns: nil when there is no such file, it holds no token, or this user may not read it.
    public static func file(_ path: String) -> GateToken? {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8), text.utf8.count <= 4096 else { return nil }
        let token = GateToken(text)
        return token.value.isEmpty ? nil : token
    }

    /// Where the gateway of this machine keeps its admin token.
    ///
    /// - Returns: nil when neither a directory is given nor HOME is set.
    public static func adminTokenPath(
        dataDirectory: String? = nil, environment: [String: String]? = nil
    ) -> String? {
        let environment = environment ?? ProcessInfo.processInfo.environment
        func given(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let directory = dataDirectory ?? given("STONEGATE_SERVER_DATA_DIR") ?? "~/.stonegate"
        guard directory == "~" || directory.hasPrefix("~/") else { return directory + "/" + fileName }
        return given("HOME").map { $0 + directory.dropFirst() + "/" + fileName }
    }

    private static let fileName = "admin.token"
}
