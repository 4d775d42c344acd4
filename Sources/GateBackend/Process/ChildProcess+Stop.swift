import CSpawn

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension ChildProcess {
    /// Ends the child and everything in its session: close stdin, then SIGTERM, then SIGKILL, each with its grace.
    ///
    /// Runs to its end even if the calling task is cancelled. Calling it again, or for a child that has ended, is fine.
    /// - Parameter closeStdin: the owner of the pipes closes the child's stdin here.
    package func stop(
        _ ladder: StopLadder = StopLadder(), clock: any Clock<Duration> = ContinuousClock(),
        closeStdin: @escaping @Sendable () async -> Void = {}
    ) async -> StopReport {
        // A task of its own, awaited here: cancellation of the caller must not cut the graces short.
        await Task { await self.descend(ladder, clock, closeStdin) }.value
    }

    private func descend(
        _ ladder: StopLadder, _ clock: any Clock<Duration>, _ closeStdin: @Sendable () async -> Void
    ) async -> StopReport {
        let strays = status == nil ? ProcessTable.strays(of: pid) : []
        var step = StopReport.Step.stdinClosed
        await closeStdin()
        await within(ladder.afterStdinClosed, clock) { _ = await self.exitUnlessCancelled() }
        if !isGone {
            step = .terminated
            signalGroup(SIGTERM)
            // A stopped process would not see SIGTERM.
            signalGroup(SIGCONT)
            await within(ladder.afterTerminate, clock) { await self.untilGone(clock) {} }
        }
        if !isGone {
            step = .killed
            await within(ladder.afterKill, clock) { await self.untilGone(clock) { self.killGroup() } }
        }
        return StopReport(
            step: step, status: status, survivors: groupMembers,
            escaped: Set(strays.filter(ProcessTable.isAlive).map(\.pid) + bearersElsewhere).sorted())
    }

    /// Those that bear the child's mark and are not of its session.
    private var bearersElsewhere: [Int32] {
        guard let mark else { return [] }
        return ProcessTable.all().filter { $0.start_time >= startTime && $0.session != pid && mark.isBorne(by: $0.pid) }
            .map(\.pid)
    }

    private var isGone: Bool { status != nil && groupMembers.isEmpty }

    /// Until the child is reaped and its session empty, or the task cancelled. `push` runs before each wait.
    private func untilGone(_ clock: any Clock<Duration>, push: @Sendable () -> Void) async {
        while !Task.isCancelled, !isGone {
            push()
            if status == nil {
                _ = await exitUnlessCancelled()
            } else if let member = members.first {
                await untilEnded(member, clock)
            }
        }
    }

    /// Waits for a process that is not our own child.
    private func untilEnded(_ member: csp_process, _ clock: any Clock<Duration>) async {
        let pidfd = csp_pidfd_open(member.pid)
        defer { if pidfd >= 0 { close(pidfd) } }
        guard ProcessTable.isAlive(member) else { return }
        let shot = OneShot<Void>()
        guard let token = watcher.watch(pidfd: pidfd, pid: member.pid, { shot.fulfil(()) }) else {
            // Without a descriptor there is nothing to wait on; the end of the grace bounds this.
            try? await clock.sleep(for: .milliseconds(20))
            return
        }
        await withTaskCancellationHandler {
            await shot.wait()
        } onCancel: {
            shot.fulfil(())
        }
        watcher.cancel(token)
    }

    private func within(
        _ limit: Duration, _ clock: any Clock<Duration>, _ body: @escaping @Sendable () async -> Void
    ) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask(operation: body)
            group.addTask { try? await clock.sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
    }
}
