/// The tool `job` (`--tasks`): only served as a task. In the session revisions it has to be asked for; in 2026-07-28 a client that
/// knows the extension gets a task by itself, and others are refused.
///
/// Arguments: `ms` (how long it takes), `steps` (progress notices on the way), `ask` (asks the user first), `fail`, `key`.
final class Job {
    let id: String
    let call: Call
    var status = "working"
    var result: JSON?
    var failure: JSON?
    var timers: [Int] = []
    /// Who waits for the result, with the ids of their requests.
    var waiters: [(id: JSON, session: Session, exchange: any Exchange)] = []
    var polls = 0
    var isAnswered = false

    init(id: String, call: Call) {
        self.id = id
        self.call = call
    }

    var isOver: Bool { ["completed", "failed", "cancelled"].contains(status) }
}

extension Server {
    static let jobDefinition: JSON = [
        "name": "job", "description": "Works for a while, as a task.",
        "inputSchema": [
            "type": "object",
            "properties": [
                "ms": ["type": "integer"], "steps": ["type": "integer"], "ask": ["type": "boolean"],
                "fail": ["type": "boolean"], "key": ["type": "string"],
            ],
        ],
        "execution": ["taskSupport": "required"],
    ]

    private static let moment: JSON = "2026-01-01T00:00:00Z"

    func startJob(_ call: Call) {
        let declared = call.session.capabilities["extensions"]?["io.modelcontextprotocol/tasks"] != nil
        guard call.isModern ? declared : call.params["task"] != nil else {
            let code = call.isModern ? -32021 : -32601
            let needed: JSON = ["extensions": ["io.modelcontextprotocol/tasks": [:]]]
            return call.exchange.finish(
                error(
                    id: call.id, code: code, "job has to be called as a task",
                    data: call.isModern ? ["requiredCapabilities": needed] : nil))
        }
        ledger.record(tool: call.tool, key: call.key, id: call.id, arguments: call.arguments)
        let job = Job(id: "job-\(jobs.count + 1)", call: call)
        jobs[job.id] = job
        if call.arguments["ask"] != nil { job.status = "input_required" } else { work(job) }
        let created = call.isModern ? described(job).with("resultType", "task") : ["task": described(job)]
        call.exchange.finish(reply(id: call.id, created, call.session))
    }

    private func described(_ job: Job) -> JSON {
        let isModern = job.call.isModern
        return JSON.object([
            .init(key: "taskId", value: .string(job.id)), .init(key: "status", value: .string(job.status)),
            .init(key: "createdAt", value: Server.moment), .init(key: "lastUpdatedAt", value: Server.moment),
            .init(key: isModern ? "ttlMs" : "ttl", value: 60000),
            .init(key: isModern ? "pollIntervalMs" : "pollInterval", value: 50),
        ])
    }

    private func work(_ job: Job) {
        let time = job.call.arguments["ms"]?.int ?? 0
        let steps = job.call.arguments["steps"]?.int ?? 0
        for step in 1...max(1, steps) where steps > 0 {
            job.timers.append(
                loop.after(milliseconds: time * step / (steps + 1)) { [unowned self, unowned job] in
                    tell(job, step, of: steps)
                })
        }
        job.timers.append(
            loop.after(milliseconds: time) { [unowned self, unowned job] in
                if job.call.arguments["fail"] != nil {
                    job.failure = ["code": -32603, "message": "the job has failed"]
                    return end(job, "failed")
                }
                let said = job.call.arguments["key"]?.text ?? "nothing"
                job.result = ["content": [["type": "text", "text": .string("job of \(said)")]]]
                end(job, "completed")
            })
    }

    private func tell(_ job: Job, _ step: Int, of total: Int) {
        guard let token = job.call.progressToken, !job.call.isModern else { return }
        let params: JSON = ["progressToken": token, "progress": JSON(step), "total": JSON(total)]
        job.call.session.stream?(["jsonrpc": "2.0", "method": "notifications/progress", "params": params])
    }

    private func end(_ job: Job, _ status: String) {
        guard !job.isOver else { return }
        job.status = status
        for timer in job.timers { loop.cancel(timer: timer) }
        for waiter in job.waiters { deliverResult(job, waiter.id, waiter.session, waiter.exchange) }
        job.waiters = []
    }

    private func deliverResult(_ job: Job, _ id: JSON, _ session: Session, _ exchange: any Exchange) {
        if let failure = job.failure { return exchange.finish(["jsonrpc": "2.0", "id": id, "error": failure]) }
        let related: JSON = ["io.modelcontextprotocol/related-task": ["taskId": .string(job.id)], "own": true]
        exchange.finish(reply(id: id, (job.result ?? ["content": []]).with("_meta", related), session))
    }

    /// - Returns: whether the method was one of these.
    func taskRequest(_ method: String, id: JSON, params: JSON, session: Session, exchange: any Exchange) -> Bool {
        guard options.tasks, method.hasPrefix("tasks/") else { return false }
        guard let job = jobs[params["taskId"]?.text ?? ""] else {
            exchange.finish(error(id: id, code: -32602, "no such task"))
            return true
        }
        switch method {
        case "tasks/get":
            job.polls += 1
            exchange.finish(reply(id: id, state(job), session))
        case "tasks/cancel":
            cancelled.append(["id": id, "tool": "job", "key": job.call.key.map(JSON.string) ?? .null])
            end(job, "cancelled")
            exchange.finish(reply(id: id, session.modern == true ? [:] : described(job), session))
        case "tasks/update" where session.modern == true:
            if let response = params["inputResponses"]?["why"] { answered(job, response) }
            exchange.finish(reply(id: id, [:], session))
        case "tasks/result" where session.modern != true:
            if job.isOver {
                deliverResult(job, id, session, exchange)
                return true
            }
            job.waiters.append((id, session, exchange))
            guard job.status == "input_required", !job.isAnswered else { return true }
            session.ask("elicitation/create", question, over: { exchange.notify($0) }) { [unowned self, unowned job] in
                answered(job, $0["result"] ?? $0["error"] ?? .null)
            }
        default: return false
        }
        return true
    }

    private var question: JSON {
        let schema: JSON = ["type": "object", "properties": ["answer": ["type": "string"]]]
        return ["message": "May it?", "requestedSchema": schema]
    }

    private func answered(_ job: Job, _ answer: JSON) {
        guard job.status == "input_required", !job.isAnswered else { return }
        job.isAnswered = true
        let said = "\(answer["action"]?.text ?? "error"): \(answer["content"]?["answer"]?.text ?? "")"
        job.result = ["content": [["type": "text", "text": .string(said)]]]
        end(job, "completed")
    }

    private func state(_ job: Job) -> JSON {
        var state = described(job)
        guard job.call.isModern else { return state }
        if job.status == "input_required" {
            let request: JSON = ["method": "elicitation/create", "params": question.with("mode", "form")]
            state = state.with("inputRequests", ["why": request])
        }
        if let result = job.result, job.status == "completed" {
            state = state.with("result", result.with("resultType", "complete"))
        }
        if let failure = job.failure { state = state.with("error", failure) }
        return state
    }
}
