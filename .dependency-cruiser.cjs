// Which way imports point: down, never sideways. Each rule says why, so that a red build teaches.
const sideways = (floor, why) => ({
  name: `${floor.replace(/\W+/g, '-')}-rooms-are-closed`,
  severity: 'error',
  comment: why,
});

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'A cycle has no bottom: nothing in it can be read, tested or replaced alone.',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'core-stands-alone',
      severity: 'error',
      comment:
        'core/ has no I/O: core/, libraries without I/O (node:module loads two of them late), hashing, nothing else. Pass the data in.',
      from: { path: '^src/core/' },
      to: {
        pathNot:
          '^(src/core/|node_modules/(yaml|ajv|ajv-formats|re2js|ignore|temporal-polyfill)/|(node:)?(crypto|buffer|module)$)',
      },
    },
    {
      name: 'rules-stand-under-steps',
      severity: 'error',
      comment: 'core/ rules are what steps stand on; a rule that needs a step is a step.',
      from: { path: '^src/core/(model|selector|schedule|calendar|document|canonical)/' },
      to: { path: '^src/core/(load|accept|enrol|resolve|plan|rollout|compliance|report|forecast|explain|world)/' },
    },
    {
      ...sideways('core-steps', 'Steps meet in core/world and in pass.ts; they do not open into each other.'),
      from: { path: '^src/core/(load|accept|enrol|plan|rollout|compliance|report|forecast|explain)/' },
      to: {
        path: '^src/core/(load|accept|enrol|plan|rollout|compliance|report|forecast|explain|world)/',
        pathNot: '^src/core/$1/|^src/core/world/records\\.ts$',
      },
    },
    {
      name: 'only-wire-chooses-adapters',
      severity: 'error',
      comment: 'Adapters are plugged in by daemon/wire.ts and by commands; everything else sees ports.',
      from: { path: '^src/', pathNot: '^src/(io|daemon/wire|cli)' },
      to: { path: '^src/io/', pathNot: '^src/io/(log|config|metrics)\\.ts$' },
    },
    {
      ...sideways('io', 'Folders of io/ do not know each other; they share io/git.'),
      from: { path: '^src/io/([^/]+)/' },
      to: { path: '^src/io/[^/]+/', pathNot: '^src/io/($1|git)/' },
    },
    {
      name: 'reconcile-sees-ports',
      severity: 'error',
      comment: 'A pass is told in terms of ports; it touches no disk, no socket, no process.',
      from: { path: '^src/reconcile/' },
      to: { path: '^(src/(io|daemon|cli|control|agent|disk|journal)/|(node:)?(fs|net|http|https|child_process|tls)(/|$))' },
    },
    {
      name: 'the-agent-is-a-house-of-its-own',
      severity: 'error',
      comment: 'What runs on a node shares rules, the wire and the journal with the daemon, nothing else.',
      from: { path: '^src/agent/' },
      to: { path: '^src/(daemon|reconcile|control|cli|io)/', pathNot: '^src/io/log\\.ts$' },
    },
    {
      name: 'nobody-imports-the-roof',
      severity: 'error',
      comment: 'Commands call down; nothing below knows that there is a command line.',
      from: { path: '^src/', pathNot: '^src/(cli/|main\\.ts)' },
      to: { path: '^src/(cli/|main\\.ts)' },
    },
    {
      name: 'only-the-executor-starts-processes-on-a-node',
      severity: 'error',
      comment: 'agent/executor is the only code of the agent that starts processes.',
      from: { path: '^src/agent/', pathNot: '^src/agent/executor/' },
      to: { path: '^(node:)?child_process$' },
    },
    {
      name: 'tests-stay-outside',
      severity: 'error',
      comment: 'What ships never imports a test.',
      from: { path: '^src/' },
      to: { path: '^test/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'], extensions: ['.ts', '.js', '.mjs', '.json'] },
  },
};
