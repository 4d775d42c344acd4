import CSpawn

/// Looks at the system's processes.
enum ProcessTable {
    /// Living processes of a session; zombies do not count.
    static func members(ofSession session: Int32) -> [csp_process] { session > 0 ? list(session) : [] }

    /// Every living process.
    static func all() -> [csp_process] { list(0) }

    static func isEmpty(session: Int32) -> Bool { csp_session_members(session, nil, 0) == 0 }

    static func find(_ pid: Int32) -> csp_process? {
        var info = csp_process()
        return csp_process_info(pid, &info) == 0 ? info : nil
    }

    /// Descendants of a process that have left its session. Those whose parents are gone cannot be told from strangers.
    static func strays(of leader: Int32) -> [csp_process] {
        let children = Dictionary(grouping: list(0), by: \.parent)
        var found: [csp_process] = []
        var seen: Set<Int32> = [leader]
        var open = [leader]
        while let parent = open.popLast() {
            for child in children[parent] ?? [] where seen.insert(child.pid).inserted {
                open.append(child.pid)
                if child.session != leader { found.append(child) }
            }
        }
        return found
    }

    static func isAlive(_ process: csp_process) -> Bool {
        guard let now = find(process.pid) else { return false }
        return now.start_time == process.start_time && !now.dead
    }

    private static func list(_ session: Int32) -> [csp_process] {
        var capacity: Int32 = 64
        while true {
            var total: Int32 = 0
            let found = [csp_process](unsafeUninitializedCapacity: Int(capacity)) { buffer, count in
                total = csp_session_members(session, buffer.baseAddress, capacity)
                count = Int(min(total, capacity))
            }
            if total <= capacity || capacity >= 1 << 20 { return found }
            capacity *= 4
        }
    }
}
