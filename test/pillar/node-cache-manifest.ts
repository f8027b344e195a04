/** The Corefile of node-cache's default manifest (ConfigMap `node-local-dns`), as it is before anything is filled in. */

const reverseBlock = (zone: string): string => `${zone}:53 {
    errors
    cache 30
    reload
    loop
    bind __PILLAR__LOCAL__DNS__ __PILLAR__DNS__SERVER__
    forward . __PILLAR__CLUSTER__DNS__ {
            force_tcp
    }
    prometheus :9253
    }
`;

export const MANIFEST_TEMPLATE = `__PILLAR__DNS__DOMAIN__:53 {
    errors
    cache {
            success 9984 30
            denial 9984 5
    }
    reload
    loop
    bind __PILLAR__LOCAL__DNS__ __PILLAR__DNS__SERVER__
    forward . __PILLAR__CLUSTER__DNS__ {
            force_tcp
    }
    prometheus :9253
    health __PILLAR__LOCAL__DNS__:8080
    }
${reverseBlock('in-addr.arpa')}${reverseBlock('ip6.arpa')}.:53 {
    errors
    cache 30
    reload
    loop
    bind __PILLAR__LOCAL__DNS__ __PILLAR__DNS__SERVER__
    forward . __PILLAR__UPSTREAM__SERVERS__
    prometheus :9253
    }
`;

/** As `kubectl apply` gets it by the documented commands: node-cache fills in what is left. */
export const DEPLOYED_TEMPLATE = MANIFEST_TEMPLATE.replaceAll('__PILLAR__DNS__DOMAIN__', 'cluster.local')
  .replaceAll('__PILLAR__LOCAL__DNS__', '169.254.20.10')
  .replaceAll('__PILLAR__DNS__SERVER__', '10.96.0.10');

/** Of that template when it is rendered: the cluster's zone, a reverse zone, and everything else. */
export const BLOCK_OF_CLUSTER = `cluster.local:53 {
    errors
    cache {
            success 9984 30
            denial 9984 5
    }
    reload
    loop
    bind 169.254.20.10 10.96.0.10
    forward . 10.96.7.7 {
            force_tcp
    }
    prometheus :9253
    health 169.254.20.10:8080
    }
`;

export const blockOfReverse = (zone: string): string => `${zone}:53 {
    errors
    cache 30
    reload
    loop
    bind 169.254.20.10 10.96.0.10
    forward . 10.96.7.7 {
            force_tcp
    }
    prometheus :9253
    }
`;

export const blockOfRest = (upstreams: string): string => `.:53 {
    errors
    cache 30
    reload
    loop
    bind 169.254.20.10 10.96.0.10
    forward . ${upstreams}
    prometheus :9253
    }
`;
