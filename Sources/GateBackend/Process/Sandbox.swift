import CSpawn

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The sandbox of one child: its policy, what the kernel can do for it, and a directory of its own.
package struct Sandbox: Sendable {
    let policy: SandboxPolicy
    let support: SandboxSupport
    /// Started whatever the policy says, in addition to the system's programs.
    var executable: String
    /// The child's TMPDIR; removed with the last reference.
    let scratch: ScratchDirectory

    /// - Throws: when the policy asks for what the kernel cannot do, or the directory cannot be made.
    package init(
        _ policy: SandboxPolicy, executable: String, support: SandboxSupport = .current
    ) throws(SpawnFailure) {
        if let refusal = Self.unsupported(policy, support) { throw refusal }
        self.policy = policy
        self.support = support
        self.executable = executable
        scratch = try ScratchDirectory(in: policy.dataDirectory + "/sandbox")
    }

    /// Why no child may be started under this policy, whatever is tried; nil when one may.
    static func refusal(_ policy: SandboxPolicy, _ support: SandboxSupport) -> SpawnFailure? {
        unsupported(policy, support) ?? intrusion(policy)
    }

    private static func unsupported(_ policy: SandboxPolicy, _ support: SandboxSupport) -> SpawnFailure? {
        guard policy.isRequired, !support.isFull else { return nil }
        return SpawnFailure(
            .invalidRequest,
            "sandbox.required is set, but the kernel can only do this: \(support.description). Nothing was started. "
                + "Run stonegate on Linux 6.7 or later with Landlock (`lsm=` must list it), or set required = false.")
    }

    /// Directories of children of an earlier gateway that was killed. Call it before the first child is started.
    package static func removeLeftovers(dataDirectory: String) { ScratchDirectory.remove(dataDirectory + "/sandbox") }

    /// The ruleset's descriptor, complete, for the child to enter; -1 without support. Whoever takes it closes it.
    func open() throws(SpawnFailure) -> Int32 {
        if let intrusion = Self.intrusion(policy) { throw intrusion }
        guard support.abi > 0 else { return -1 }
        var handlesTCP = false
        let ruleset = csp_sandbox_open(support.abi, &handlesTCP)
        guard ruleset >= 0 else { throw .resources(errno, "make a sandbox for \(executable)") }
        do throws(SpawnFailure) {
            for path in SandboxPolicy.systemPaths { try allow(path, ruleset) }
            for path in SandboxPolicy.devices { try allow(path, ruleset, writes: true) }
            try allow(executable, ruleset)
            try allow(scratch.path, ruleset, writes: true)
            for path in policy.read { try allow(path, ruleset, key: "read") }
            for path in policy.write { try allow(path, ruleset, writes: true, key: "write") }
            for port in policy.connect where handlesTCP {
                let error = csp_sandbox_port(ruleset, port)
                if error != 0 { throw .resources(error, "allow port \(port) in a sandbox") }
            }
            return ruleset
        } catch {
            close(ruleset)
            throw error
        }
    }

    /// What is missing is an error only for paths that somebody wrote down.
    private func allow(_ path: String, _ ruleset: Int32, writes: Bool = false, key: String? = nil) throws(SpawnFailure)
    {
        let error = csp_sandbox_path(ruleset, support.abi, path, writes)
        if error == 0 || (key == nil && (error == ENOENT || error == EACCES || error == ENOTDIR)) { return }
        throw SpawnFailure(
            .invalidRequest,
            "\(path) in sandbox.\(key ?? "read") cannot be opened: \(SpawnFailure.describe(error)). Create it or correct "
                + "sandbox.\(key ?? "read").")
    }

    /// No listed path may hold the gateway's own directory or lie in it.
    private static func intrusion(_ policy: SandboxPolicy) -> SpawnFailure? {
        guard let own = resolved(policy.dataDirectory) else { return nil }
        for (key, paths) in [("read", policy.read), ("write", policy.write)] {
            for path in paths {
                guard let listed = resolved(path), isBeneath(listed, own) || isBeneath(own, listed) else { continue }
                return SpawnFailure(
                    .invalidRequest,
                    "\(path) in sandbox.\(key) would open the gateway's own directory, \(policy.dataDirectory), which holds "
                        + "its secrets. List the folders that the server needs, none above or in that one.")
            }
        }
        return nil
    }

    private static func resolved(_ path: String) -> String? {
        guard let found = realpath(path, nil) else { return nil }
        defer { free(found) }
        return String(cString: found)
    }

    private static func isBeneath(_ path: String, _ folder: String) -> Bool {
        folder == "/" || path.utf8.elementsEqual(folder.utf8) || path.utf8.starts(with: (folder + "/").utf8)
    }
}

extension SandboxSupport {
    /// Asked once: it does not change while the system runs.
    package static let current = SandboxSupport(abi: csp_landlock_abi())
}
