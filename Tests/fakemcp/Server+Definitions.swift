#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Tools whose definitions a test keeps in a file and changes when it likes. A call to one returns its name.
extension Server {
    /// Read anew for each list. Of two definitions of a name the file's counts.
    var definedTools: [JSON] {
        let path = options.definitions ?? getenv("FAKEMCP_DEFINITIONS").map { String(cString: $0) }
        guard let path, !path.isEmpty else { return [] }
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else { return [] }
        defer { System.close(descriptor) }
        var text: [UInt8] = []
        while let more = System.read(descriptor), !more.isEmpty { text += more }
        return JSONParser.parse(text)?.items ?? []
    }

    var definedNames: [String] { definedTools.compactMap { $0["name"]?.text } }
}
